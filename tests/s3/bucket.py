#!/usr/bin/env python3
"""Makes the buckets "cairn" and "locked" (with Object Lock) at an endpoint, and the policies of docs/s3.md for their users.

    bucket.py ENDPOINT
"""
import json
import sys

import sigv4

BUCKET, OBJECTS = "arn:aws:s3:::cairn", "arn:aws:s3:::cairn/*"
LOCKED, LOCKED_OBJECTS = "arn:aws:s3:::locked", "arn:aws:s3:::locked/*"


def statement(user, actions, resource):
    return {"Effect": "Allow", "Principal": {"AWS": [f"arn:aws:iam:::user/{user}"]}, "Action": ["s3:" + a for a in actions],
            "Resource": [resource]}


# In Ceph an object belongs to who wrote it: without a statement of his own not even the owner of the bucket could read it.
POLICY = {"Version": "2012-10-17", "Statement": [
    statement("access", ["PutObject", "GetObject", "DeleteObject"], OBJECTS),
    statement("access", ["ListBucket"], BUCKET),
    statement("writer", ["PutObject", "GetObject"], OBJECTS),
    statement("writer", ["ListBucket"], BUCKET),
    statement("reader", ["GetObject"], OBJECTS),
    statement("reader", ["ListBucket"], BUCKET),
    statement("documented", ["PutObject", "GetObjectAcl", "GetObject", "DeleteObject", "PutObjectAcl"], OBJECTS),
    statement("documented", ["ListBucket"], BUCKET),
]}

LOCKED_POLICY = {"Version": "2012-10-17", "Statement": [
    statement("access", ["PutObject", "GetObject", "DeleteObject", "DeleteObjectVersion", "PutObjectRetention", "GetObjectRetention",
                         "BypassGovernanceRetention"], LOCKED_OBJECTS),
    statement("access", ["ListBucket", "ListBucketVersions"], LOCKED),
    statement("writer", ["PutObject", "GetObject", "PutObjectRetention", "GetObjectRetention"], LOCKED_OBJECTS),
    statement("writer", ["ListBucket"], LOCKED),
    statement("documented", ["PutObject", "GetObject", "DeleteObject"], LOCKED_OBJECTS),
    statement("documented", ["ListBucket"], LOCKED),
]}

if __name__ == "__main__":
    for bucket, query, body, more in (("cairn", "", b"", {}), ("cairn", "policy=", json.dumps(POLICY).encode(), {}),
                                      ("locked", "", b"", {"x-amz-bucket-object-lock-enabled": "true"}),
                                      ("locked", "policy=", json.dumps(LOCKED_POLICY).encode(), {})):
        status, _, answer = sigv4.request(sys.argv[1], "PUT", "/" + bucket, query, body, more=more)
        if status not in (200, 204):
            sys.exit(f"bucket {bucket}: {query or 'create'}: {status} {answer.decode(errors='replace')}")

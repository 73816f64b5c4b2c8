#!/usr/bin/env python3
"""Makes the bucket "cairn" at an endpoint, and the policies of docs/s3.md for its users.

    bucket.py ENDPOINT
"""
import json
import sys

import sigv4

BUCKET, OBJECTS = "arn:aws:s3:::cairn", "arn:aws:s3:::cairn/*"


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

if __name__ == "__main__":
    for query, body in (("", b""), ("policy=", json.dumps(POLICY).encode())):
        status, _, answer = sigv4.request(sys.argv[1], "PUT", "/cairn", query, body)
        if status not in (200, 204):
            sys.exit(f"bucket: {query or 'create'}: {status} {answer.decode(errors='replace')}")

#!/usr/bin/env python3
"""Objects of the bucket "cairn" by a client that shares nothing with the program.

    objects.py ENDPOINT fill PREFIX            keys and headers of every odd kind
    objects.py ENDPOINT many PREFIX COUNT      small ones
    objects.py ENDPOINT put KEY FILE           one
    objects.py ENDPOINT show PREFIX            a line for each: key behind the prefix, size, MD5, the headers that somebody gave it
"""
import concurrent.futures
import hashlib
import re
import sys
import urllib.parse
import xml.etree.ElementTree

import sigv4

KEPT = re.compile(r"content-(type|disposition|encoding|language)|cache-control|expires|x-amz-meta-.*")
# Bytes that aren't UTF-8 are refused by S3.
ODD_KEYS = [b"a", b"a/b", b"a!", b"x/", b"/y", b"//y", b"../z", b"./w", b"...", b"100%", b"%", b"%25", b"a+b c&d=e?f#g", "ümläut/ß".encode(),
            b"quote'\"<>", b"ends.", b"deep/" + b"d/" * 100 + b"end", b"l" * 300 + b"/" + b"m" * 200, b"control-\x01\x7f"]
HEADERS = {"content-type": "image/png", "cache-control": "max-age=31536000, immutable", "content-disposition": 'attachment; filename="a;b.png"',
           "content-encoding": "gzip", "content-language": "de", "expires": "Wed, 21 Oct 2026 07:28:00 GMT", "x-amz-meta-owner": "somebody=else",
           "x-amz-meta-second": "2"}


def request(method, key, query="", body=b"", more=None):
    return sigv4.request(ENDPOINT, method, b"/cairn/" + key if key else "/cairn", query, body, more=more)


def put(key, body, headers=None):
    status, _, answer = request("PUT", key, body=body, more=headers)
    if status != 200:
        raise SystemExit(f"PUT {key!r}: {status} {answer[:300]!r}")


def keys(prefix):
    token = ""
    while True:
        query = (f"continuation-token={urllib.parse.quote(token, safe='')}&" if token else "") + \
            f"encoding-type=url&list-type=2&prefix={urllib.parse.quote(prefix, safe='')}"
        status, _, answer = request("GET", b"", query)
        if status != 200:
            raise SystemExit(f"LIST: {status} {answer[:300]!r}")
        page = xml.etree.ElementTree.fromstring(answer)
        space = page.tag[:page.tag.index("}") + 1]
        for entry in page.iter(space + "Contents"):
            yield urllib.parse.unquote_to_bytes(entry.findtext(space + "Key").replace("+", " "))
        token = page.findtext(space + "NextContinuationToken")
        if not token:
            return


def show(key, prefix):
    status, headers, body = request("GET", key)
    if status != 200:
        raise SystemExit(f"GET {key!r}: {status}")
    kept = sorted((name.lower(), value) for name, value in headers.items() if KEPT.fullmatch(name.lower()))
    return f"{key[len(prefix):]!r} {len(body)} {hashlib.md5(body).hexdigest()} {kept}"


def each(work, items):
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        return list(pool.map(work, items))


def main():
    command, prefix = sys.argv[2], sys.argv[3].encode()
    if command == "fill":
        for number, key in enumerate(ODD_KEYS):
            put(prefix + b"/" + key, b"content of " + key, HEADERS if number == 0 else {"content-type": "text/plain"} if number % 2 else None)
        put(prefix + b"/empty", b"", HEADERS)
        put(prefix + b"/", b"of the prefix itself")
        put(prefix + b"-beside", b"not beneath the prefix")
    elif command == "many":
        each(lambda number: put(prefix + f"/{number % 50:02}/{number:05}".encode(), f"{number} ".encode() * 300), range(int(sys.argv[4])))
    elif command == "put":
        with open(sys.argv[4], "rb") as file:
            put(prefix, file.read(), HEADERS)
    else:
        print("\n".join(each(lambda key: show(key, prefix), sorted(keys(prefix)))))


if __name__ == "__main__":
    ENDPOINT = sys.argv[1]
    main()

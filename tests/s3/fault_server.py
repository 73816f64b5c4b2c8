#!/usr/bin/env python3
"""A small, strict S3 server that misbehaves on purpose: signatures, digests and conditions are checked as S3 does, and then, by a
seeded draw, requests fail in the ways networks and servers fail.  Objects are held in memory.

    fault_server.py SEED RATE [FAULT,...]     prints the port; RATE: of requests that go wrong, 0 to 1; ends when its input ends

What is bucket "cairn" belongs to access/secret.  Faults: see FAULTS.  On the path /-/log: what was done to whom, as text; on
/-/quiet (PUT): no faults from now on.
"""
import datetime
import hashlib
import http.server
import os
import random
import socket
import sys
import threading
import time
import urllib.parse
import xml.sax.saxutils

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sigv4  # noqa: E402

FAULTS = ["error_500", "slow_down", "too_many", "reset_before", "reset_in_body", "reset_after", "lost_reply", "truncated_body",
          "wrong_etag", "damaged_store", "stale_list", "skewed", "drip", "conflict", "garbage"]


class Store:
    def __init__(self, seed, rate, faults):
        self.lock, self.objects, self.before = threading.Lock(), {}, {}
        self.random, self.rate, self.faults = random.Random(seed), rate, faults
        self.log = []
        # A test's: called with the key and the first byte that is asked for, or with the key after which a list goes on; they may change
        # objects, or return a status to answer.
        self.before_get = self.before_list = None

    def draw(self, method, is_list):
        with self.lock:
            if self.random.random() >= self.rate:
                return None
            fits = [f for f in self.faults if {
                "wrong_etag": method == "PUT", "damaged_store": method == "PUT", "conflict": method == "PUT", "lost_reply": method in ("PUT", "DELETE"),
                "truncated_body": method == "GET", "reset_after": method in ("GET", "PUT"), "drip": method == "GET",
                "reset_in_body": method in ("GET", "PUT"), "stale_list": is_list, "garbage": method != "HEAD"}.get(f, True)]
            return self.random.choice(fits) if fits else None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store = None

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=None, cut=None, drip=False):
        self.send_response_only(status)
        self.send_header("Date", self.date_time_string())
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if "Content-Length" not in (headers or {}):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if drip:
            for at in range(0, min(len(body), 20)):
                self.wfile.write(body[at:at + 1])
                self.wfile.flush()
                time.sleep(0.05)
            body = body[20:]
        self.wfile.write(body if cut is None else body[:cut])
        self.wfile.flush()

    def error(self, status, code, headers=None):
        self.answer(status, f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>on purpose, or not</Message></Error>".encode(), headers)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()
        self.close_connection = True

    def signature_error(self, path, query, body):
        """None, or the error that S3 would give."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            fields = dict(part.strip().split("=", 1) for part in headers["authorization"].split(" ", 1)[1].split(","))
            access, day, region = fields["Credential"].split("/")[:3]
            names = fields["SignedHeaders"].split(";")
            assert "host" in names and "x-amz-date" in names and headers["x-amz-date"].startswith(day)
        except (KeyError, ValueError, IndexError, AssertionError):
            return 403, "AccessDenied"
        if access != "access":
            return 403, "InvalidAccessKeyId"
        moment = datetime.datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
        if abs((datetime.datetime.utcnow() - moment).total_seconds()) > 900:
            return 403, "RequestTimeTooSkewed"
        payload = headers.get("x-amz-content-sha256", "")
        if sigv4.sign(self.command, path, query, headers, names, payload, "secret", region, headers["x-amz-date"]) != fields["Signature"]:
            return 403, "SignatureDoesNotMatch"
        if hashlib.sha256(body).hexdigest() != payload:
            return 400, "XAmzContentSHA256Mismatch"
        return None

    def handle_one(self):
        path, _, query = self.path.partition("?")
        if path.startswith("/-/"):
            if path == "/-/quiet":
                self.store.rate = 0
            return self.answer(200, "\n".join(self.store.log).encode())
        is_list = "list-type=2" in query
        fault = self.store.draw(self.command, is_list)
        if fault:
            self.store.log.append(f"{fault} {self.command} {path}")
        if fault == "reset_before":
            return self.reset()
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length // 2 if fault == "reset_in_body" and self.command == "PUT" else length)
        if fault == "reset_in_body" and self.command == "PUT":
            return self.reset()
        simple = {"error_500": (500, "InternalError", {}), "slow_down": (503, "SlowDown", {"Retry-After": "0"}), "too_many": (429, "TooManyRequests", {}),
                  "conflict": (409, "ConditionalRequestConflict", {})}
        if fault in simple:
            return self.error(*simple[fault])
        if fault == "skewed":
            return self.error(403, "RequestTimeTooSkewed")
        if fault == "garbage":
            return self.answer(502, b"<html><body>502 Bad Gateway")
        self.serve(path, query, body, is_list, fault)

    def serve(self, path, query, body, is_list, fault):
        wrong = self.signature_error(path, query, body)
        if wrong:
            self.store.log.append(f"REFUSED {wrong[1]} {self.command} {self.path}")
            return self.error(*wrong)
        bucket, _, key = urllib.parse.unquote(path)[1:].partition("/")
        if bucket != "cairn":
            return self.error(404, "NoSuchBucket")
        if is_list:
            return self.list(urllib.parse.parse_qs(query, keep_blank_values=True), fault)
        return getattr(self, "do_object_" + self.command.lower())(key, body, fault)

    def list(self, query, fault):
        prefix, after = query["prefix"][0], (query.get("continuation-token") or query.get("start-after") or [""])[0]
        refusal = self.store.before_list and self.store.before_list(after)
        if refusal:
            return self.error(refusal, "AccessDenied")
        with self.store.lock:
            objects = self.store.before if fault == "stale_list" else self.store.objects
            found = [(key, *objects[key]) for key in sorted(objects) if key.startswith(prefix) and key > after]
        page = found[:7]   # small pages: the rest of the list must be asked for
        quote = urllib.parse.quote_plus
        rows = "".join(f"<Contents><Key>{quote(key)}</Key><LastModified>{when}</LastModified><ETag>&quot;{hashlib.md5(data).hexdigest()}"
                       f"&quot;</ETag><Size>{len(data)}</Size></Contents>" for key, data, when in page)
        more = len(found) > len(page)
        token = f"<NextContinuationToken>{xml.sax.saxutils.escape(page[-1][0])}</NextContinuationToken>" if more else ""
        text = (f"<?xml version='1.0' encoding='UTF-8'?><ListBucketResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>"
                f"<EncodingType>url</EncodingType><IsTruncated>{str(more).lower()}</IsTruncated>{token}{rows}</ListBucketResult>").encode()
        self.send(text, 200, {}, fault)

    def send(self, data, status, headers, fault):
        if fault in ("truncated_body", "reset_in_body"):
            self.answer(status, data, {**headers, "Content-Length": str(len(data) + (0 if data else 1))}, cut=len(data) // 2)
            self.close_connection = True
            return self.reset() if fault == "reset_in_body" else None
        self.answer(status, data, headers, drip=fault == "drip")
        if fault == "reset_after":
            self.reset()

    def do_object_get(self, key, _, fault):
        wanted = self.headers.get("Range")
        refusal = self.store.before_get and self.store.before_get(key, int(wanted[6:].partition("-")[0]) if wanted else 0)
        if refusal:
            return self.error(refusal, "AccessDenied" if refusal == 403 else "InternalError")
        data, when = self.store.objects.get(key, (None, None))
        if data is None:
            return self.error(404, "NoSuchKey")
        headers = self.facts(data, when)
        if self.headers.get("If-Match", headers["ETag"]) != headers["ETag"]:
            return self.error(412, "PreconditionFailed")
        if not wanted:
            return self.send(data, 200, headers, fault)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        if int(first) >= len(data):
            return self.error(416, "InvalidRange")
        piece = data[int(first):int(last) + 1]
        headers["Content-Range"] = f"bytes {first}-{int(first) + len(piece) - 1}/{len(data)}"
        self.send(piece, 206, headers, fault)

    @staticmethod
    def facts(data, when):
        modified = datetime.datetime.strptime(when, "%Y-%m-%dT%H:%M:%S.%fZ").strftime("%a, %d %b %Y %H:%M:%S GMT")
        return {"ETag": f'"{hashlib.md5(data).hexdigest()}"', "Last-Modified": modified}

    def do_object_head(self, key, _body, _fault):
        data, when = self.store.objects.get(key, (None, None))
        if data is None:
            return self.answer(404)
        self.answer(200, b"", {**self.facts(data, when), "Content-Length": str(len(data))})

    def do_object_put(self, key, body, fault):
        with self.store.lock:
            if self.headers.get("If-None-Match") == "*" and key in self.store.objects:
                there = True
            else:
                there = False
                self.store.before = dict(self.store.objects)
                when = datetime.datetime.utcnow().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
                kept = body[:-1] + bytes([body[-1] ^ 1]) if fault == "damaged_store" and body else body
                self.store.objects[key] = (kept, when)
        if fault in ("lost_reply", "reset_after"):
            return self.reset()
        if there:
            return self.error(412, "PreconditionFailed")
        etag = "0" * 32 if fault == "wrong_etag" else hashlib.md5(kept).hexdigest()
        self.answer(200, b"", {"ETag": f'"{etag}"'})

    def do_object_delete(self, key, _body, fault):
        with self.store.lock:
            self.store.before = dict(self.store.objects)
            self.store.objects.pop(key, None)
        if fault == "lost_reply":
            return self.reset()
        self.answer(204)

    def handle_quietly(self):
        try:
            self.handle_one()
        except (ConnectionError, ValueError, OSError):
            self.close_connection = True

    do_GET = do_PUT = do_HEAD = do_DELETE = handle_quietly


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = True

    def handle_error(self, *_):
        pass


def start(seed, rate, faults=None, handler=Handler, **more):
    """A running server: (server, its store).  Stop it with server.shutdown()."""
    store = Store(seed, rate, list(faults or FAULTS))
    server = Server(("127.0.0.1", 0), type("Bound", (handler,), {"store": store, **more}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, store


if __name__ == "__main__":
    running, _ = start(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3].split(",") if len(sys.argv) > 3 else None)
    print(running.server_address[1], flush=True)
    sys.stdin.read()

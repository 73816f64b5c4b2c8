"""The faults of fault_server.py on the way to a real S3 server, which gets every request as it was signed.

What differs: damaged_store is a body damaged on its way there, which the server refuses; a stale list lacks the object written last.
"""
import http.client
import os
import re
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fault_server  # noqa: E402

DROPPED = {"connection", "transfer-encoding", "content-length", "date", "keep-alive"}   # the proxy's own


class Proxy(fault_server.Handler):
    upstream = ""   # HOST:PORT
    last_put = [""]   # shared by all of one proxy

    def forward(self, body):
        connection = http.client.HTTPConnection(self.upstream, timeout=60)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)   # Host is signed: as it came
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.endheaders(body or None)
            reply = connection.getresponse()
            return reply.status, dict(reply.getheaders()), reply.read()
        finally:
            connection.close()

    def serve(self, path, query, body, is_list, fault):
        damaged = fault == "damaged_store" and body
        status, headers, data = self.forward(body[:-1] + bytes([body[-1] ^ 1]) if damaged else body)
        if status in (400, 403) and not damaged:
            self.store.log.append(f"REFUSED {status} {self.command} {self.path} {data[:200]!r}")
        if self.command == "PUT" and status == 200:
            self.last_put[0] = urllib.parse.unquote(path).partition("/")[2].partition("/")[2]
        length = headers.get("Content-Length")
        headers = {name: value for name, value in headers.items() if name.lower() not in DROPPED}
        if fault == "lost_reply" or (fault == "reset_after" and self.command == "PUT"):
            return self.reset()
        if fault == "wrong_etag":
            headers = {name: '"' + "0" * 32 + '"' if name.lower() == "etag" else value for name, value in headers.items()}
        if fault == "stale_list":
            data = re.sub(rb"<Contents><Key>(.*?)</Key>.*?</Contents>",
                          lambda row: b"" if urllib.parse.unquote(row[1].decode()) == self.last_put[0] else row[0], data)
        if self.command == "HEAD":
            return self.answer(status, b"", {**headers, "Content-Length": length or "0"})
        if self.command == "GET" and status in (200, 206):
            return self.send(data, status, headers, fault)
        self.answer(status, data, headers)


def start(seed, rate, faults, endpoint):
    """As fault_server.start(), before the server at `endpoint`."""
    return fault_server.start(seed, rate, faults, Proxy, upstream=urllib.parse.urlsplit(endpoint).netloc, last_put=[""])

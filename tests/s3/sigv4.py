"""Signature Version 4 for the tests' own requests and for the servers that check ours; independent of the program's."""
import datetime
import hashlib
import hmac
import http.client
import urllib.parse


def sign(method, path, query, headers, names, payload, secret, region, time):
    """The hexadecimal signature.  `path` and `query` as they are sent; `headers`: lower-case names; `names`: those that are signed."""
    pairs = sorted((part.split("=", 1) + [""])[:2] for part in query.split("&") if part)
    canonical = "\n".join([
        method, path, "&".join(f"{name}={value}" for name, value in pairs),
        "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in names), ";".join(names), payload])
    scope = f"{time[:8]}/{region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = ("AWS4" + secret).encode()
    for part in (time[:8], region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def request(endpoint, method, path, query="", body=b"", access="access", secret="secret", region="us-east-1", more=None):
    """Sends a signed request; returns (status, headers, body)."""
    url = urllib.parse.urlsplit(endpoint)
    payload = hashlib.sha256(body).hexdigest()
    time = datetime.datetime.utcnow().strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": url.netloc, "x-amz-date": time, "x-amz-content-sha256": payload, **(more or {})}
    names = sorted(headers)
    path = urllib.parse.quote(path)
    signature = sign(method, path, query, headers, names, payload, secret, region, time)
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={access}/{time[:8]}/{region}/s3/aws4_request,"
                                f"SignedHeaders={';'.join(names)},Signature={signature}")
    connection = http.client.HTTPConnection(url.netloc, timeout=60)
    connection.request(method, path + ("?" + query if query else ""), body, headers)
    reply = connection.getresponse()
    return reply.status, dict(reply.getheaders()), reply.read()

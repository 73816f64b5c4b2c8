#!/usr/bin/env python3
"""What a server says about the locks of a repository's objects, without the program.

    locks.py ENDPOINT BUCKET PREFIX check DAYS MODE   every object that snapshots need is locked so long, in MODE or in ANY; nothing else at all
    locks.py ENDPOINT BUCKET PREFIX attack            tries to delete every version, then hides all behind delete markers
    locks.py ENDPOINT BUCKET PREFIX undelete TIME     takes the delete markers away that were made since then, as docs/s3.md says
"""
import datetime
import re
import sys
import urllib.parse
import xml.etree.ElementTree

import sigv4

ENDPOINT, BUCKET, PREFIX = sys.argv[1:4]
NEEDED = re.compile(r"config|(keys|packs|index|snapshots|notes)/.*")


def request(method, key="", query="", good=(200, 204)):
    status, _, answer = sigv4.request(ENDPOINT, method, f"/{BUCKET}" + (f"/{key}" if key else ""), query)
    if status not in good:
        sys.exit(f"{method} {key} {query}: {status} {answer.decode(errors='replace')}")
    return status, answer


def elements(answer, *kinds):
    for element in xml.etree.ElementTree.fromstring(answer).iter():
        if element.tag.rpartition("}")[2] in kinds:
            yield element.tag.rpartition("}")[2], {child.tag.rpartition("}")[2]: child.text for child in element}


def versions():
    """(kind, fields) of all versions and delete markers: fewer than a thousand in a test."""
    return list(elements(request("GET", query="prefix=" + urllib.parse.quote(PREFIX + "/", safe="") + "&versions=")[1], "Version", "DeleteMarker"))


def check(days, mode):
    now, locked, shortest = datetime.datetime.utcnow(), 0, None
    for kind, fields in versions():
        if kind != "Version" or fields["IsLatest"] != "true":
            continue
        status, answer = request("GET", fields["Key"], "retention=", (200, 404))
        name = fields["Key"].removeprefix(PREFIX + "/")
        if not NEEDED.fullmatch(name):
            assert status == 404, f"{name} is locked"
            continue
        assert status == 200, f"{name} is not locked"
        (_, has), = elements(answer, "Retention")
        end = datetime.datetime.strptime(has["RetainUntilDate"][:19], "%Y-%m-%dT%H:%M:%S")
        assert end >= now + datetime.timedelta(days=days) and mode in (has["Mode"], "ANY"), f"{name}: {has}"
        locked, shortest = locked + 1, min(shortest or end, end)
    print(locked, shortest)


def attack():
    refused = 0
    for kind, fields in versions():
        if kind != "Version":
            continue
        status, _ = request("DELETE", fields["Key"], "versionId=" + urllib.parse.quote(fields["VersionId"], safe=""), (204, 403))
        refused += status == 403
        assert status == 204 or NEEDED.fullmatch(fields["Key"].removeprefix(PREFIX + "/")), f"{fields['Key']}: not deleted"
    for key in {fields["Key"] for _, fields in versions()}:
        request("DELETE", key)
    print(refused)


def undelete(time):
    for kind, fields in versions():
        if kind == "DeleteMarker" and fields["LastModified"] >= time:
            request("DELETE", fields["Key"], "versionId=" + urllib.parse.quote(fields["VersionId"], safe=""))


if __name__ == "__main__":
    {"check": lambda: check(float(sys.argv[5]), sys.argv[6]), "attack": attack, "undelete": lambda: undelete(sys.argv[5])}[sys.argv[4]]()

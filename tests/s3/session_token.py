#!/usr/bin/env python3
"""Asks a server's STS for temporary credentials of a role, and prints them for a shell.

    session_token.py ENDPOINT ROLE-ARN
"""
import sys
import urllib.parse
import xml.etree.ElementTree

import sigv4

FIELDS = {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": sys.argv[2], "RoleSessionName": "nightly", "DurationSeconds": "900"}
NAMES = {"AccessKeyId": "AWS_ACCESS_KEY_ID", "SecretAccessKey": "AWS_SECRET_ACCESS_KEY", "SessionToken": "AWS_SESSION_TOKEN"}

status, _, answer = sigv4.request(sys.argv[1], "POST", "/", "", urllib.parse.urlencode(FIELDS).encode(),
                                  more={"content-type": "application/x-www-form-urlencoded"})
if status != 200:
    sys.exit(f"AssumeRole: {status} {answer.decode(errors='replace')}")
for element in xml.etree.ElementTree.fromstring(answer).iter():
    if element.tag.rpartition("}")[2] in NAMES:
        print(f"export {NAMES[element.tag.rpartition('}')[2]]}='{element.text}'")

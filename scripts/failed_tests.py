#!/usr/bin/env python3
"""Names the tests that failed, with the last lines that each printed: the end of a long log is what people see first.

    failed_tests.py [--lines N] REPORT...

REPORT is what `ctest --output-junit` writes; one that isn't there is passed over.
"""
import argparse
import os
import sys
import xml.etree.ElementTree as ElementTree

WIDEST = 160    # characters of a line
# What GoogleTest prints after the last failure, whatever it was.
FRAME = ("[  FAILED", "[  PASSED", "[----------", "[==========")


def failed(case):
    """ctest calls a program that isn't there skipped, and still fails because of it."""
    skipped = case.find("skipped")
    return case.get("status") == "fail" or (skipped is not None and "executable" in skipped.get("message", ""))


def last_lines(text, count):
    lines = [line.rstrip() for line in text.splitlines()]
    told = [line for line in lines if line and not line.startswith(FRAME) and not line.endswith("FAILED TEST")]
    return [line[:WIDEST] for line in told[-count:]] if count else []


def report(path, count):
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        if not failed(case):
            continue
        print(f"FAILED {case.get('name')} after {float(case.get('time', 0)):.0f} s ({os.path.basename(os.path.dirname(path))})")
        for line in last_lines(case.findtext("system-out", ""), count):
            print(f"  {line}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=30)
    parser.add_argument("reports", nargs="*", metavar="REPORT")
    arguments = parser.parse_args()
    for path in arguments.reports:
        if os.path.exists(path):
            report(path, arguments.lines)


if __name__ == "__main__":
    sys.exit(main())

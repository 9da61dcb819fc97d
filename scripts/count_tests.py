#!/usr/bin/env python3
"""count_tests.py RESULTS NAME: what one ctest run did, from RESULTS/NAME.junit.xml and the
GoogleTest reports in RESULTS/NAME/. Prints "passed failed skipped"; adds names to RESULTS/failures
and, with their reasons, to RESULTS/skips."""

import pathlib
import sys
import xml.etree.ElementTree as xml


def cases_of(report):
    """(name, outcome, reason) for each test of a GoogleTest report."""
    for case in xml.parse(report).getroot().iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        skipped = case.find("skipped")
        if case.find("failure") is not None:
            yield name, "failed", ""
        elif skipped is not None or case.get("result") in ("skipped", "suppressed"):
            lines = (skipped.get("message") or "").split("\n") if skipped is not None else []
            yield name, "skipped", " ".join(lines[1:] or lines or ["disabled"]).strip()
        else:
            yield name, "passed", ""


def cases(results, name):
    for case in xml.parse(results / f"{name}.junit.xml").getroot().iter("testcase"):
        program, status = case.get("name"), case.get("status")
        report = results / name / f"{program}.xml"
        inner = list(cases_of(report)) if report.exists() else []
        yield from ((f"{program}: {test}", outcome, reason) for test, outcome, reason in inner)
        if status == "fail":
            # A crash or a sanitizer's word at the end is in no GoogleTest report.
            if not any(outcome == "failed" for _, outcome, _ in inner):
                yield program, "failed", ""
        elif status == "run":
            if not inner:
                yield program, "passed", ""
        else:
            skipped = case.find("skipped")
            yield program, "skipped", (skipped.get("message") or "") if skipped is not None else ""


def main():
    results, name = pathlib.Path(sys.argv[1]), sys.argv[2]
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    with open(results / "failures", "a") as failures, open(results / "skips", "a") as skips:
        for test, outcome, reason in cases(results, name):
            counts[outcome] += 1
            if outcome == "failed":
                print(f"{name}: {test}", file=failures)
            if outcome == "skipped":
                print(f"{name}: {test}: {reason}", file=skips)
    print(counts["passed"], counts["failed"], counts["skipped"])


if __name__ == "__main__":
    main()

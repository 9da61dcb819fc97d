#!/usr/bin/env python3
"""tidy.py CHECK PROJECT BUILD: prints what is wrong, one line each, and ends with 1 if there is
any; with 77 if it cannot look."""

import pathlib
import sys

sys.dont_write_bytecode = True

import built  # noqa: E402
import format  # noqa: E402
import layers  # noqa: E402
import limits  # noqa: E402
import words  # noqa: E402

CHECKS = {
    "layers": layers.problems,
    "limits": limits.problems,
    "words": words.problems,
    "format": format.problems,
    "unbuilt": built.unbuilt,
    "symbols": built.symbols,
}


def main():
    name, root, build = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3])
    if name == "format" and (reason := format.skip(root, build)):
        print(f"skipped: {reason}")
        return 77
    found = list(CHECKS[name](root, build))
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

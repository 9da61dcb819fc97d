"""What no file may hold: unfinished business, paths of the machines it was made on, registries."""

import re

import tree

# Written so that this file does not hold them itself.
LEFT_OPEN = re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b")
OF_A_MACHINE = re.compile(
    r"/(?:wor[k]|far[m]|roo[t])/|/hom[e]/\w"
    r"|p[y]pi\.org|p[y]thonhosted|registry\.n[p]mjs|d[e]b\.debian\.org|c[r]ates\.io"
    r"|p[r]oxy\.golang\.org|repo1?\.m[a]ven")
PRINTS = re.compile(r"\b(?:printf|puts|putchar)\s*\(|\bf(?:printf|puts)\s*\(\s*std(?:out|err)"
                    r"|\bstd::(?:cout|cerr|clog)\b|#\s*include\s*<iostream>|\bstd::exit\s*\(")
# The last words of a failed CHECK.
MAY_PRINT = {"src/base/check.cpp"}


def problems(root, _build):
    for path in tree.all_files(root):
        data = (root / path).read_bytes()
        if b"\0" in data[:8000]:
            continue
        library = (path.parts[0] == "src" and path.suffix in tree.CPP
                   and not path.stem.endswith("_test") and str(path) not in MAY_PRINT)
        text = data.decode("utf-8", errors="replace")
        for number, line in enumerate(text.split("\n"), 1):
            if path.suffix != ".jsonl":
                for match in LEFT_OPEN.findall(line):
                    yield f"{path}:{number}: {match} was left open"
            for match in OF_A_MACHINE.findall(line):
                yield f"{path}:{number}: {match} names a machine's path or a registry"
        if library:
            for match in PRINTS.findall(tree.without_comments(text)):
                yield f"{path}: a library does not print or exit: {match.strip()}"

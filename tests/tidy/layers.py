"""Who may include whom: layers.txt against the includes, CMake's lists and ARCHITECTURE.md."""

import re

import tree

TABLE = "tests/tidy/layers.txt"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def read_table(root):
    """{module: [modules it may include]} in the file's order."""
    table = {}
    for line in tree.read(root / TABLE).splitlines():
        if line.strip() and not line.startswith("#"):
            name, allowed = line.split(":")
            table[name.strip()] = allowed.split()
    return table


def reachable(table, module):
    """The module, its row, and whatever those name."""
    seen, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += table.get(name, [])
    return seen


def table_problems(root, table):
    for module, allowed in table.items():
        for name in allowed:
            if name not in table:
                yield f"{TABLE}: {module} names {name}, which has no row"
            elif module in reachable(table, name):
                yield f"{TABLE}: {module} and {name} name each other in a circle"
        if not (root / "src" / module).is_dir():
            yield f"{TABLE}: there is no folder src/{module}"


def include_problems(root, table):
    for path in tree.cpp_files(root, "src", "apps", "tests", "bench"):
        module = tree.module_of(path)
        if path.parts[0] == "src" and module not in table:
            yield f"{path}: its folder has no row in {TABLE}"
            continue
        allowed = reachable(table, module) if module else set(table) | {path.parts[0]}
        for kind, name in INCLUDE.findall(tree.read(root / path)):
            first = name.split("/")[0]
            if kind == '"' and "/" not in name and module:
                yield f'{path}: "{name}" is included without its folder'
            elif kind == '"' and first in table and first not in allowed:
                yield f'{path}: {module} may not include "{name}" ({TABLE})'
            elif kind == '"' and module and first not in table:
                yield f'{path}: "{name}" is in no module of {TABLE}'


def cmake_problems(root, table):
    for module, allowed in table.items():
        path = root / "src" / module / "CMakeLists.txt"
        if not path.exists():
            continue
        call = re.search(rf"bise_module\(\s*{module}\b([^)]*)\)", tree.read(path))
        if not call:
            yield f"src/{module}/CMakeLists.txt: no bise_module({module} ...)"
            continue
        words = re.search(r"DEPENDS((?:\s+(?!EXCLUDE\b)[^\s)]+)*)", call.group(1))
        linked = {name for name in (words.group(1).split() if words else []) if name in table}
        if linked != set(allowed):
            yield (f"src/{module}/CMakeLists.txt: DEPENDS {' '.join(sorted(linked)) or 'nothing'}, "
                   f"{TABLE} says {' '.join(sorted(allowed)) or 'nothing'}")


def page_problems(root, table):
    """ARCHITECTURE.md has a row `| module | may include |` for each module, and a heading."""
    page = tree.read(root / "ARCHITECTURE.md")
    rows = {}
    for name, allowed in re.findall(r"^\| `(\w+)` \|([^|]*)\|", page, re.MULTILINE):
        rows[name] = set(re.findall(r"`(\w+)`", allowed))
    for name in sorted(set(rows) - set(table)):
        yield f"ARCHITECTURE.md: its table has {name}, {TABLE} has not"
    for module, allowed in table.items():
        if rows.get(module) != set(allowed):
            yield f"ARCHITECTURE.md: the row of {module} differs from {TABLE}"
        if not re.search(rf"^### `src/{module}`", page, re.MULTILINE):
            yield f"ARCHITECTURE.md: no paragraph under '### `src/{module}`'"


def problems(root, _build):
    table = read_table(root)
    yield from table_problems(root, table)
    yield from include_problems(root, table)
    yield from cmake_problems(root, table)
    yield from page_problems(root, table)

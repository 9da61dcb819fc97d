"""Files that no target builds, and the symbols of kernels compiled for one instruction set."""

import json
import pathlib
import platform
import re
import subprocess

import tree

TOPS = ("src", "apps", "tests", "bench")
# Files for another processor are passed over: its own build looks at them.
X86 = re.compile(r"(?:^|/)(?:avx2|avx512)/|_x86\.cpp$")
ARM = re.compile(r"(?:^|/)neon/|_arm\.cpp$")
# Everything that is neither.
GENERIC = re.compile(r"_generic\.cpp$")
ISA_FOLDER = re.compile(r"kernels/(avx2|avx512|neon)/")


def commands(build):
    return json.loads((build / "compile_commands.json").read_text())


def of_another_processor(path):
    machine = platform.machine()
    known = machine in ("x86_64", "aarch64")
    return bool((X86.search(path) and machine != "x86_64")
                or (ARM.search(path) and machine != "aarch64") or (GENERIC.search(path) and known))


def unbuilt(root, build):
    compiled = {pathlib.Path(entry["file"]).resolve() for entry in commands(build)}
    files = tree.cpp_files(root, *TOPS)
    included = set()
    for path in files:
        text = tree.read(root / path)
        for name in re.findall(r'#\s*include\s*"([^"]+)"', text):
            included.add(name)
            included.add(str(path.parent / name))
    for path in files:
        if of_another_processor(str(path)):
            continue
        if path.suffix in (".h", ".cuh"):
            if str(path) not in included and str(path.relative_to(path.parts[0])) not in included:
                yield f"{path}: nothing includes it"
        elif path.suffix == ".cpp" and (root / path).resolve() not in compiled:
            yield f"{path}: no target builds it"


def symbol_problems(isa, name, listing):
    """`nm -C` of one object: only functions of its own namespace may leave it
    (or of its emulated twin, which only the tests link)."""
    for line in listing.splitlines():
        match = re.match(r"^[0-9a-f]*\s+([A-Za-z])\s(.*)$", line)
        if not match:
            continue
        kind, symbol = match.groups()
        if kind in "WVu":
            yield f"{name}: {symbol} may be the copy that the linker keeps for everyone"
        elif kind.isupper() and kind != "U" and not re.search(rf"\b{isa}(_emulated)?::", symbol):
            yield f"{name}: {symbol} leaves the file and is not in namespace {isa}"


def symbols(root, build):
    for entry in commands(build):
        path = pathlib.Path(entry["file"])
        isa = ISA_FOLDER.search(str(path))
        if not isa:
            continue
        object_name = re.search(r"\s-o\s+(\S+)", entry["command"]).group(1)
        listing = subprocess.run(["nm", "-C", "--defined-only", object_name],
                                 cwd=entry["directory"], capture_output=True, text=True)
        if listing.returncode != 0:
            yield f"{path}: {listing.stderr.strip()}"
        yield from symbol_problems(isa.group(1), path.resolve().relative_to(root), listing.stdout)

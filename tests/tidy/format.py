"""clang-format 14 has nothing to change."""

import re
import shutil
import subprocess

import tree

PROGRAM = "clang-format-14"


def skip(_root, _build):
    return None if shutil.which(PROGRAM) else f"{PROGRAM} is not installed"


def problems(root, _build):
    paths = [str(path) for path in tree.cpp_files(root)]
    if not paths:
        return
    done = subprocess.run([PROGRAM, "--dry-run", *paths], cwd=root, capture_output=True, text=True)
    seen = set()
    for path, line in re.findall(r"^([^\s:]+):(\d+):\d+: warning: code should be clang-formatted",
                                 done.stderr, re.MULTILINE):
        if path not in seen:
            seen.add(path)
            yield f"{path}:{line}: not as {PROGRAM} writes it"
    if done.returncode != 0 and not seen:
        yield f"{PROGRAM}: {done.stderr.strip()[:300]}"

"""The project's files, and C++ text without what is not code."""

import os
import pathlib
import re
import subprocess

CPP = (".cpp", ".h", ".cu", ".cuh")
# Folders that hold no source of ours where git is not asked.
PASSED_OVER = {"build", ".git", "node_modules", "__pycache__"}


def all_files(root):
    """Paths below `root`, relative to it: what git tracks or would track."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others",
                             "--exclude-standard"], capture_output=True)
    if listed.returncode == 0:
        names = [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
        return sorted(pathlib.Path(name) for name in set(names) if (root / name).is_file())
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in PASSED_OVER]
        found += [(pathlib.Path(folder) / name).relative_to(root) for name in names]
    return sorted(found)


def cpp_files(root, *tops):
    return [path for path in all_files(root)
            if path.suffix in CPP and (not tops or path.parts[0] in tops)]


def read(path):
    return path.read_text(encoding="utf-8", errors="replace")


TOKEN = re.compile(
    r"""//(?:[^\n\\]|\\.|\\\n)*          # a comment to the end of the line
      | /\*.*?\*/                        # a comment
      | R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)"   # a raw string
      | "(?:[^"\\\n]|\\.)*"              # a string
      | (?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)+'  # a character, not the ' of 1'000
    """, re.DOTALL | re.VERBOSE)


def without_comments(text):
    """The text with comments blanked and strings emptied; every line keeps its number."""
    def blank(match):
        piece = match.group()
        lines = "\n" * piece.count("\n")
        if piece.startswith("/"):
            return " " + lines
        return '""' + lines if piece.endswith('"') else "' '"
    return TOKEN.sub(blank, text)


def module_of(path):
    """src/kv/page_pool.h is of kv."""
    return path.parts[1] if len(path.parts) > 2 and path.parts[0] == "src" else None

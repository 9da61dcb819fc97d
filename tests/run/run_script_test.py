#!/usr/bin/env python3
"""./run on a project of one file: when it builds, what it says, what it passes on."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

PROJECT = pathlib.Path(__file__).resolve().parents[2]

CMAKE = """
cmake_minimum_required(VERSION 3.25)
project(bise LANGUAGES CXX)
file(GLOB sources CONFIGURE_DEPENDS apps/*.cpp)
add_executable(bise ${sources})
set_target_properties(bise PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/apps)
"""

# Prints its arguments; "exit N" ends with N, "die" by a signal, "read FILE" prints a file.
MAIN = r"""
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
int main(int count, char** words) {
  for (int i = 1; i < count; ++i) std::printf("[%s]", words[i]);
  std::puts("VERSION");
  std::fflush(stdout);
  if (count == 3 && !std::strcmp(words[1], "exit")) return std::atoi(words[2]);
  if (count == 2 && !std::strcmp(words[1], "die")) std::raise(SIGTERM);
  if (count == 3 && !std::strcmp(words[1], "read")) {
    if (std::FILE* file = std::fopen(words[2], "r")) return std::fgetc(file);
    return 99;
  }
}
"""


class RunScript(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="bise run ")  # a space in the path, on purpose
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)
        self.root = self.top / "checkout"
        for name in ("src", "apps", "cmake"):
            (self.root / name).mkdir(parents=True)
        for name in ("run", "CMakePresets.json"):
            shutil.copy(PROJECT / name, self.root / name)
        shutil.copytree(PROJECT / "scripts", self.root / "scripts")
        (self.root / "CMakeLists.txt").write_text(CMAKE)
        self.main = self.root / "apps/main.cpp"
        self.main.write_text(MAIN)
        self.environment = dict(os.environ, BISE_HOME=str(self.top / "data"), PIP_NO_INDEX="1",
                                PIP_FIND_LINKS=str(self.top))

    def start(self, *words, cwd=None, program=None, **environment):
        return subprocess.Popen([program or self.root / "run", *words], cwd=cwd or self.top,
                                env={**self.environment, **environment}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run_it(self, *words, **options):
        process = self.start(*words, **options)
        process.out, process.err = process.communicate(timeout=120)
        return process

    def model(self, name):
        path = self.top / "data/models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")

    def test_builds_first_and_then_is_silent_and_fast(self):
        first = self.run_it("a b", "", "c")
        self.assertEqual(first.out, "[a b][][c]VERSION\n")
        self.assertIn("building bise", first.err)
        self.assertEqual(first.returncode, 0)
        log = (self.root / "build/release/.ninja_log").stat().st_mtime_ns
        times = []
        for _ in range(5):
            began = time.monotonic()
            again = self.run_it("x")
            times.append(time.monotonic() - began)
            self.assertEqual((again.out, again.err), ("[x]VERSION\n", ""))
        self.assertLess(min(times), 0.3)
        self.assertEqual((self.root / "build/release/.ninja_log").stat().st_mtime_ns, log)

    def test_passes_on_exit_code_and_signal(self):
        self.assertEqual(self.run_it("exit", "7").returncode, 7)
        self.assertEqual(self.run_it("die").returncode, -15)

    def test_works_through_a_symlink_with_paths_of_the_callers_folder(self):
        link = self.top / "bin/bise"
        link.parent.mkdir()
        link.symlink_to("../checkout/run")
        (self.top / "bin/file").write_text("A")
        done = self.run_it("read", "file", cwd=self.top / "bin", program=link)
        self.assertEqual(done.returncode, ord("A"))

    def test_rebuilds_what_changed_came_or_went(self):
        self.run_it("x")
        self.main.write_text(MAIN.replace("VERSION", "CHANGED"))
        self.assertEqual(self.run_it("x").out, "[x]CHANGED\n")
        stamp = self.root / "build/release/.built"
        extra = self.root / "apps/extra.cpp"
        extra.write_text("int extra() { return 1; }\n")
        before = stamp.stat().st_mtime_ns
        self.assertIn("building bise", self.run_it("x").err)
        self.assertGreater(stamp.stat().st_mtime_ns, before)
        extra.unlink()
        before = stamp.stat().st_mtime_ns
        self.run_it("x")
        self.assertGreater(stamp.stat().st_mtime_ns, before)
        self.assertEqual(self.run_it("x").err, "")

    def test_a_moved_checkout_still_builds(self):
        self.run_it("x")
        moved = self.root.rename(self.top / "elsewhere")
        (moved / "apps/main.cpp").write_text(MAIN.replace("VERSION", "MOVED"))
        self.assertEqual(self.run_it("x", program=moved / "run").out, "[x]MOVED\n")

    def test_shows_the_first_error_and_recovers(self):
        self.main.write_text("int main() { return nonsense; }\n")
        broken = self.run_it("x")
        self.assertEqual((broken.returncode, broken.out), (2, ""))
        self.assertRegex(broken.err, r"error: .nonsense. was not declared")
        self.assertIn("build/release.log", broken.err)
        self.main.write_text(MAIN)
        self.assertEqual(self.run_it("x").out, "[x]VERSION\n")

    def test_two_at_once_build_once(self):
        both = [self.start("x"), self.start("y")]
        ends = [process.communicate(timeout=120) for process in both]
        self.assertEqual([out for out, _ in ends], ["[x]VERSION\n", "[y]VERSION\n"])
        self.assertEqual(sum("building bise: 0 %" in err or "(1 of" in err for _, err in ends), 1)

    def test_says_which_packages_are_missing_without_root(self):
        tools = self.top / "tools"
        tools.mkdir()
        for name in ("bash", "env", "readlink", "find", "mkdir", "apt-get", "python3"):
            (tools / name).symlink_to(shutil.which(name))
        (tools / "id").write_text("#!/bin/sh\necho 1000\n")
        (tools / "id").chmod(0o755)
        done = self.run_it("x", PATH=str(tools))
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.err, r"sudo apt-get install .*g\+\+ cmake ninja-build")

    def test_fetches_the_starter_only_when_it_is_needed(self):
        fetching = "fetching the starter model SmolLM2-135M-Instruct, 93 MB, Apache-2.0, once"
        for words in (("show", "starter"), ()):
            asked = self.run_it(*words)
            self.assertIn(fetching, asked.err)
            self.assertIn("could not be fetched", asked.err)
            self.assertIn("./run run /path/to/model.gguf", asked.err)
            self.assertEqual((asked.returncode, asked.out), (2, ""))
        self.assertNotIn("fetch", self.run_it("run", "starter.gguf").err)
        self.model("other.gguf")
        self.assertEqual(self.run_it().out, "VERSION\n")
        self.model("starter.gguf")
        self.assertEqual(self.run_it("show", "starter").out, "[show][starter]VERSION\n")


if __name__ == "__main__":
    sys.exit(unittest.main())

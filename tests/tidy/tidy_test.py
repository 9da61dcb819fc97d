#!/usr/bin/env python3
"""Each check of tests/tidy on a small tree: finds what it is there for, and nothing else."""

import json
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import built  # noqa: E402
import layers  # noqa: E402
import limits  # noqa: E402
import tree  # noqa: E402
import words  # noqa: E402

GOOD = {
    "tests/tidy/layers.txt": "base:\ntensor: base\nkv: tensor\n",
    "ARCHITECTURE.md": "### `src/base`\n### `src/tensor`\n### `src/kv`\n"
                       "| `base` | |\n| `tensor` | `base` |\n| `kv` | `tensor` |\n",
    "src/base/CMakeLists.txt": "bise_module(base DEPENDS Threads::Threads)\n",
    "src/tensor/CMakeLists.txt": "bise_module(tensor DEPENDS base)\n",
    "src/kv/CMakeLists.txt": "bise_module(kv DEPENDS tensor)\n",
    "src/base/text.h": "#pragma once\n",
    "src/tensor/shape.h": '#pragma once\n#include <vector>\n#include "base/text.h"\n',
    "src/kv/page.cpp": '#include "base/text.h"\n#include "tensor/shape.h"\n',
}


class Tidy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        for name, text in GOOD.items():
            self.write(name, text)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def assert_found(self, module, *expected):
        found = list(module(self.root, self.root / "build"))
        self.assertEqual(len(found), len(expected), found)
        for problem, part in zip(found, expected):
            self.assertIn(part, problem)

    def test_layers_accept_what_a_row_names_and_what_those_name(self):
        self.assert_found(layers.problems)

    def test_layers_refuse_looking_up(self):
        self.write("src/base/clock.cpp", '#include "kv/page.h"\n')
        self.assert_found(layers.problems, 'base may not include "kv/page.h"')

    def test_layers_refuse_paths_outside_the_tree(self):
        self.write("src/kv/a.cpp", '#include "page.h"\n#include "boost/json.hpp"\n')
        self.assert_found(layers.problems, "without its folder", "in no module")

    def test_layers_refuse_a_folder_without_a_row(self):
        self.write("src/extra/a.cpp", "\n")
        self.assert_found(layers.problems, "src/extra/a.cpp: its folder has no row")

    def test_layers_refuse_a_circle(self):
        self.write("tests/tidy/layers.txt", "base: kv\ntensor: base\nkv: tensor\n")
        found = list(layers.problems(self.root, None))
        self.assertTrue(any("circle" in problem for problem in found), found)

    def test_layers_compare_cmake_and_the_page(self):
        self.write("src/kv/CMakeLists.txt", "bise_module(kv DEPENDS base)\n")
        self.write("ARCHITECTURE.md", GOOD["ARCHITECTURE.md"].replace("| `tensor` |\n", "| |\n")
                   .replace("### `src/base`\n", ""))
        self.assert_found(layers.problems, "src/kv/CMakeLists.txt: DEPENDS base",
                          "no paragraph under '### `src/base`'", "the row of kv differs")

    def test_limits_count_lines_columns_and_code(self):
        self.write("src/base/long.cpp", "\n" * 501)
        self.write("src/base/wide.cpp", "// " + "é" * 97 + "\n" + "// " + "x" * 98 + "\n")
        body = "  // free\n\n  work();\n" * 68
        self.write("src/base/big.cpp", "int fits() {\n" + body + "}\n"
                   "int Big::too_long(int a) const {\n" + body + "  work();\n}\n")
        self.assert_found(limits.problems, "big.cpp:207: Big::too_long has 71 lines of code",
                          "long.cpp: 501 lines", "wide.cpp:2: 101 columns")

    def test_limits_count_python_too(self):
        self.write("scripts/a.py", "def long():\n" + "    # free\n    work()\n" * 70)
        self.assert_found(limits.problems, "scripts/a.py:1: long has 71 lines of code")

    def test_limits_find_functions(self):
        text = """
namespace a { namespace {
struct Shape : Base<int> { int rows = 0, cols{1}; int size() const { return rows; } };
enum class Kind : int { one, two };
template <class T, class U = std::vector<T>> class Result { ~Result() {} };
constexpr int kTable[] = {1, 2, 3};
const auto kSquare = [](int x) { return x * x; };
template <class T> requires std::integral<T> auto twice(T x) -> T { if (x) { x += x; } return x; }
Thing::Thing(int a) : a_{a}, b_(f({1})), c_{2} { go("}{", '{'); }
bool operator==(const Shape& a, const Shape& b) { return a.rows == b.rows; }
void f(const Options& options = {}) noexcept { // {
}
}  // namespace
extern "C" int entry(const char* data) {
#define X {
  return R"({{)"[0] + 1'000;
}
[[nodiscard]] struct Late make(int n) { return {}; }
}
"""
        names = [name for name, _, _ in limits.functions(text)]
        self.assertEqual(names, ["size", "~Result", "kSquare", "twice", "Thing::Thing",
                                 "operator==", "f", "entry", "make"])

    def test_words_find_what_was_left_open_and_machine_paths(self):
        self.write("docs/a.md", "TO" + "DO later\n")
        self.write("docs/b.md", "see /ro" + "ot/notes\n")
        self.write("scripts/c.sh", "mktemp /tmp/XX" + "XXXX\n")
        self.assert_found(words.problems, "docs/a.md:1:", "docs/b.md:1:")

    def test_words_find_libraries_that_print(self):
        self.write("src/kv/a.cpp", '// printf("x")\nvoid f() { std::printf("x"); }\n')
        self.write("src/kv/a_test.cpp", 'void f() { std::printf("x"); }\n')
        self.write("src/kv/b.cpp", "#include <iostream>\nvoid f(char* s) { snprintf(s, 1, s); }\n")
        self.assert_found(words.problems, "src/kv/a.cpp: a library does not print",
                          "src/kv/b.cpp: a library does not print")

    def test_unbuilt_finds_sources_and_headers_nobody_uses(self):
        self.write("src/kv/forgotten.cpp", "\n")
        self.write("src/kv/kernels/neon/dot.cpp", "\n")
        self.write("src/kv/kernels/avx2/dot.cpp", "\n")
        self.write("src/kv/unused.h", "\n")
        compiled = ["src/kv/page.cpp"]
        other = "avx2" if built.platform.machine() == "x86_64" else "neon"
        compiled.append(f"src/kv/kernels/{other}/dot.cpp")
        entries = [{"file": str(self.root / name)} for name in compiled]
        self.write("build/compile_commands.json", json.dumps(entries))
        self.assert_found(built.unbuilt, "forgotten.cpp: no target builds it",
                          "unused.h: nothing includes it")

    def test_symbols_refuse_shared_and_foreign_ones(self):
        listing = """0000000000000010 T bise::cpu::avx2::dot(float const*)
0000000000000000 W std::vector<float>::vector()
0000000000000020 T bise::cpu::helper()
0000000000000000 t bise::cpu::(anonymous namespace)::local()
                 U memcpy
0000000000000000 r .LC0
"""
        found = list(built.symbol_problems("avx2", "dot.cpp", listing))
        self.assertEqual(len(found), 2, found)
        self.assertIn("std::vector", found[0])
        self.assertIn("bise::cpu::helper() leaves the file", found[1])

    def test_comments_and_strings_are_no_code(self):
        code = tree.without_comments('a /* {\n */ b "\\"{" // }\nc \'{\' R"x({)")x" 1\'000 d')
        self.assertEqual(code.replace(" ", ""), 'a\nb""\nc\'\'""1\'000d')


if __name__ == "__main__":
    sys.exit(unittest.main())

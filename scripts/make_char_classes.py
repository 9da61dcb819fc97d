#!/usr/bin/env python3
"""Write src/tokenizer/char_class_table.cpp: the Unicode 16 classes the pre-tokenizers ask for.

usage: make_char_classes.py char-classes.json > src/tokenizer/char_class_table.cpp

The input holds ranges [first, last] of code points for upper, lower, other_letter, mark, number and
space, as Mistral's library sees them (tests/golden/tokenizer/char-classes.json is a copy). The
output is a three-level table: code point >> 12 names a block of 32 pages, >> 7 & 31 a page of
128 code points, and a page holds one nibble for each of them.
"""
import json
import sys

NAMES = ["upper", "lower", "other_letter", "mark", "number", "space"]  # 1, 2, ... as enum CharClass


def main():
    classes = [0] * 0x110000
    ranges = json.load(open(sys.argv[1]))
    for value, name in enumerate(NAMES, 1):
        for first, last in ranges[name]:
            for code_point in range(first, last + 1):
                assert classes[code_point] == 0, (name, code_point)
                classes[code_point] = value

    pages, blocks, tops = [], [], []
    for top in range(0, 0x110000, 1 << 12):
        block = []
        for start in range(top, top + (1 << 12), 128):
            page = tuple(sum(classes[start + word + i] << 4 * i for i in range(16))
                         for word in range(0, 128, 16))
            if page not in pages:
                pages.append(page)
            block.append(pages.index(page))
        if block not in blocks:
            blocks.append(block)
        tops.append(blocks.index(block))
    assert len(pages) <= 256 and len(blocks) <= 256

    def rows(values):
        line = " "
        for value in values:
            if len(line) + len(value) + 2 > 100:
                print(line)
                line = " "
            line += f" {value},"
        print(line)

    print("// Made by scripts/make_char_classes.py from char-classes.json (Unicode 16.0); "
          "do not edit.")
    print('#include "tokenizer/char_class.h"\n')
    print("// clang-format off\nnamespace bise::detail {\n")
    print(f"const std::uint8_t kCharClassTops[{len(tops)}] = {{")
    rows([str(t) for t in tops])
    print(f"}};\n\nconst std::uint8_t kCharClassBlocks[{len(blocks)} * 32] = {{")
    rows([str(page) for block in blocks for page in block])
    print(f"}};\n\nconst std::uint64_t kCharClassPages[{len(pages)} * 8] = {{")
    rows([f"{word:#x}" for page in pages for word in page])
    print("};\n\n}  // namespace bise::detail\n// clang-format on")


main()

import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const { parse, close_open_marks } = await load("markdown/parse.ts");
const { highlight, language_of } = await load("markdown/highlight.ts");
const { units_of, bin } = await load("chat/why/units.ts");
const { barb } = await load("ui/barb.ts");

const formulas = (text) => {
  const found = [];
  const walk = (tokens) => {
    for (const token of tokens ?? []) {
      if (token.tex !== undefined) found.push(token.tex);
      walk(token.tokens);
    }
  };
  walk(parse(text));
  return found;
};

test("formulas are found, prices are not", () => {
  assert.deepEqual(formulas("The energy is $E = mc^2$, and $a$."), ["E = mc^2", "a"]);
  assert.deepEqual(formulas("It costs $5 or $10."), []);
  assert.deepEqual(formulas("$$\n\\int x\n$$\n"), ["\\int x"]);
  assert.deepEqual(formulas("so \\(x\\) and\n\n\\[y\\]\n"), ["x", "y"]);
  assert.deepEqual(formulas("`$x$`"), []);
});

test("a formula in the middle leaves the paragraph whole", () => {
  assert.equal(parse("One $x$ two.\nthree").length, 1);
});

test("open marks are shown as if closed", () => {
  for (const [open, closed] of [
    ["a **bold", "a **bold**"],
    ["a **", "a "],
    ["a `code", "a `code`"],
    ["a *x **y", "a *x **y***"],
    ["a ~~gone", "a ~~gone~~"],
    ["see [the text](http://exam", "see the text"],
    ["see [the te", "see the te"],
    ["**done** and plain", "**done** and plain"],
    ["2 * 3", "2 * 3"],
  ]) {
    assert.equal(close_open_marks(open), closed);
  }
});

function colours(text, language) {
  let carry = "";
  return text.split("\n").map((line) => {
    const { pieces, carry: next } = highlight(line, language_of(language), carry);
    carry = next;
    assert.equal(pieces.map(([, piece]) => piece).join(""), line);
    return pieces.filter(([kind]) => kind).map(([kind, piece]) => `${kind}:${piece}`).join(" ");
  });
}

test("code is coloured line by line", () => {
  assert.deepEqual(colours("select 'a' -- note", "sql"), ["k:select s:'a' c:-- note"]);
  assert.deepEqual(colours("let s = `a\nb`; /* x\ny */ 0x1F", "js"), [
    "k:let s:`a",
    "s:b` c:/* x",
    "c:y */ n:0x1F",
  ]);
  assert.deepEqual(colours('"""a\nb""" # c', "python"), ['s:"""a', 's:b""" c:# c']);
  assert.deepEqual(colours("fn f<'a>(x: &'a str)", "rust"), ["k:fn"]);
});

test("tokens within one character are one unit with their product", () => {
  const units = units_of([
    { id: 1, text: "a", p: 0.9, part: "answer" },
    { id: 2, text: "", p: 0.5, part: "answer" },
    { id: 3, text: "한", p: 0.5, part: "answer" },
    { id: 4, text: "", part: "control" },
    { id: 5, text: "b", p: 0.05, part: "answer" },
  ]);
  assert.deepEqual(
    units.map((unit) => [unit.first, unit.count, unit.text, unit.p, unit.from, unit.to]),
    [
      [0, 1, "a", 0.9, 0, 1],
      [1, 2, "한", 0.25, 1, 2],
      [4, 1, "b", 0.05, 2, 3],
    ],
  );
  assert.deepEqual(units.map(bin), [0, 3, 4]);
});

test("barbs: short 5, long 10, flag 50", () => {
  const strokes = (speed) => (barb(speed).strokes.match(/M/g) ?? []).length;
  const flags = (speed) => (barb(speed).flags.match(/M/g) ?? []).length;
  assert.deepEqual([0, 5, 10, 25, 42].map(strokes), [0, 1, 1, 3, 4]);
  assert.deepEqual([50, 97, 1900].map(flags), [1, 1, 4]);
  assert.equal(strokes(97), 5);
  assert.equal(strokes(1900), 0);
});

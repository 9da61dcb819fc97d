// The table of web-design.md §2.1, computed again from the tokens: each pair on the worst surface it
// is used on, in both themes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

const css = readFileSync(new URL("../src/style/tokens.css", import.meta.url), "utf8");
const tokens = {};
for (const [, name, light, dark] of css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)) {
  tokens[name] = [light, dark];
}

function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function ratio(one, other) {
  const [a, b] = [luminance(one), luminance(other)].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
}

const floors = [
  ["ink", ["side", "bg"], 7],
  ["ink-2", ["hover", "sunken"], 4.5],
  ["ink-3", ["hover", "accent-soft"], 4.5],
  ["accent", ["side", "accent-soft"], 4.5],
  ["on-accent", ["accent"], 4.5],
  ["ok", ["ok-soft"], 4.5],
  ["warn", ["warn-soft"], 4.5],
  ["bad", ["bad-soft"], 4.5],
  ["ink", ["d1", "d2", "d3", "d4"], 4.5],
  ["s1", ["surface"], 4.5],
  ["s2", ["surface"], 4.5],
  ["s3", ["surface"], 4.5],
  ["s4", ["surface"], 4.5],
  ["s5", ["surface"], 4.5],
  ["code-k", ["sunken"], 4.5],
  ["code-s", ["sunken"], 4.5],
  ["code-n", ["sunken"], 4.5],
  ["code-c", ["sunken"], 4.5],
  ["control", ["bg", "side"], 3],
  ["focus", ["side", "surface"], 3],
];

test("every pair of colours has the contrast it is meant to have", () => {
  for (const [name, surfaces, floor] of floors) {
    for (const surface of surfaces) {
      for (const theme of [0, 1]) {
        const got = ratio(tokens[name][theme], tokens[surface][theme]);
        assert.ok(got >= floor, `${name} on ${surface}, ${theme ? "dark" : "light"}: ${got}`);
      }
    }
  }
});

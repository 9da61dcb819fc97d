// Markdown to marked's tokens, with formulas. What is made of them is in render.ts: marked's own
// HTML is never used.
import { Marked, type Token, type TokenizerAndRendererExtension } from "marked";

export type { Token };
export interface Formula {
  type: "formula" | "formula_block";
  raw: string;
  tex: string;
}

const kBlock = /^(?:\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\])[ \t]*(?:\n|$)/;
// One dollar: no space inside its ends and no digit behind, so that prices stay prices.
const kInline =
  /^(?:\$\$([^$\n]+?)\$\$|\\\(([\s\S]+?)\\\)|\\\[([\s\S]+?)\\\]|\$(?!\s)((?:\\.|[^$\\\n])+?)(?<!\s)\$(?!\d))/;

function formula(type: Formula["type"], pattern: RegExp, level: "block" | "inline") {
  return {
    name: type,
    level,
    // Where to look. A block begins at the start of a line only: elsewhere it would cut paragraphs.
    start: (text: string) => {
      const at = text.search(level === "block" ? /^(?:\$\$|\\\[)/m : /\$|\\[([]/);
      return at < 0 ? undefined : at;
    },
    tokenizer(text: string) {
      const match = pattern.exec(text);
      if (!match) return undefined;
      return { type, raw: match[0], tex: (match.slice(1).find(Boolean) ?? "").trim() };
    },
    renderer: () => "",
  } satisfies TokenizerAndRendererExtension;
}

const marked = new Marked({
  gfm: true,
  extensions: [
    formula("formula_block", kBlock, "block"),
    formula("formula", kInline, "inline"),
  ],
});

export const parse = (text: string): Token[] => marked.lexer(text);

const kPairs = ["**", "~~", "`", "*"];

// While a paragraph is being written, marks that are open are shown as if they were closed.
export function close_open_marks(text: string): string {
  const open: string[] = [];
  for (let at = 0; at < text.length; ) {
    if (text[at] === "\\") {
      at += 2;
      continue;
    }
    const top = open[open.length - 1];
    const mark = kPairs.find((one) => text.startsWith(one, at));
    if (top === "`" ? mark !== "`" : !mark) {
      at++;
      continue;
    }
    if (top === mark) open.pop();
    else if (mark !== "*" || /\S/.test(text[at + 1] ?? "")) open.push(mark!);
    at += mark!.length;
  }
  let closed = text;
  let appended = false;
  while (open.length) {
    const mark = open.pop()!;
    // A mark with nothing behind it yet is not shown at all.
    if (!appended && closed.endsWith(mark)) {
      closed = closed.slice(0, -mark.length);
    } else {
      closed = closed.replace(/\s*$/, "") + mark;
      appended = true;
    }
  }
  // A link whose address is still coming shows its text.
  return closed.replace(/!?\[([^\][]*)\]\([^()\s]*$/, "$1").replace(/\[([^\][]*)$/, "$1");
}

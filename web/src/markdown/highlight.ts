// Colours for code, line by line, so that a line is coloured once it is complete and never again.
// Four kinds only: keyword, string, number, comment. Linear in the length of the line.

export type Kind = "k" | "s" | "n" | "c" | "";
// What is open at the end of a line: a block comment or a string over several lines.
export type Carry = "" | string;

interface Language {
  keywords: Set<string>;
  line: string[]; // starts of comments that go to the end of the line
  block: [string, string] | null;
  quotes: string[]; // the longest first
  over_lines: string[]; // quotes that may go over several lines
  fold: boolean; // keywords in any case
}

const words = (text: string) => new Set(text.split(" "));

const kC = words(
  "alignas auto await async bool boolean break case catch char class const constexpr continue " +
    "debugger default defer delete do double dyn else enum export extends extern false final " +
    "finally float fn for from func function go if impl implements import in inline instanceof " +
    "int interface let long loop map match mod mut namespace new nil null nullptr of operator " +
    "override package private protected pub public range readonly return self short sizeof " +
    "static struct super switch template this throw throws trait true try type typedef typename " +
    "typeof undefined union unsigned use using val var virtual void volatile when where while " +
    "yield chan select crate unsafe as is string i32 i64 u8 u32 u64 usize f32 f64",
);
const kPython = words(
  "and as assert async await break class continue def del elif else except False finally for " +
    "from global if import in is lambda match case None nonlocal not or pass raise return self " +
    "True try while with yield",
);
const kShell = words(
  "if then else elif fi for in do done while until case esac function return exit export local " +
    "readonly set unset source echo cd sudo trap shift",
);
const kSql = words(
  "select from where and or not null is in like between join left right inner outer full on as " +
    "group by order having limit offset insert into values update set delete create table " +
    "primary key foreign references index view drop alter add column distinct union all case " +
    "when then else end exists with returning count sum avg min max cast asc desc default " +
    "unique constraint begin commit rollback true false",
);
const kOther = words(
  "true false null yes no on off begin end if then else while do return function def class module",
);
const kLua = words(
  "and break do else elseif end false for function goto if in local nil not or repeat return " +
    "then true until while let where module import data case of",
);
const kCss = words("important media supports import keyframes layer from to");

const c_like: Language = {
  keywords: kC,
  line: ["//"],
  block: ["/*", "*/"],
  quotes: ['"', "'", "`"],
  over_lines: ["`"],
  fold: false,
};
// An apostrophe is a lifetime there more often than a character.
const rust: Language = { ...c_like, quotes: ['"'], over_lines: ['"'] };
const python: Language = {
  keywords: kPython,
  line: ["#"],
  block: null,
  quotes: ['"""', "'''", '"', "'"],
  over_lines: ['"""', "'''"],
  fold: false,
};
const shell: Language = {
  keywords: kShell,
  line: ["#"],
  block: null,
  quotes: ['"', "'"],
  over_lines: [],
  fold: false,
};
const sql: Language = {
  keywords: kSql,
  line: ["--"],
  block: ["/*", "*/"],
  quotes: ["'", '"'],
  over_lines: [],
  fold: true,
};
const data: Language = {
  keywords: kOther,
  line: ["#"],
  block: null,
  quotes: ['"', "'"],
  over_lines: [],
  fold: false,
};
const json: Language = { ...data, line: ["//"], quotes: ['"'] };
const lua: Language = { ...data, line: ["--"], keywords: kLua };
const css: Language = { ...c_like, keywords: kCss, line: [] };
const markup: Language = {
  keywords: new Set(),
  line: [],
  block: ["<!--", "-->"],
  quotes: ['"', "'"],
  over_lines: [],
  fold: false,
};

const kByName: Record<string, Language> = {};
const name = (language: Language, names: string) => {
  for (const one of names.split(" ")) kByName[one] = language;
};
name(
  c_like,
  "c h cc cpp c++ cxx hpp cs csharp java js javascript jsx ts typescript tsx mjs go kotlin " +
    "kt swift scala dart php zig proto objc glsl wgsl cuda groovy",
);
name(rust, "rust rs");
name(python, "py python py3 python3 gdscript");
name(shell, "sh bash zsh fish shell console terminal make makefile dockerfile docker cmake ps1");
name(sql, "sql sqlite postgres postgresql mysql plsql");
name(data, "yaml yml toml ini conf cfg properties ruby rb perl pl r elixir ex nix");
name(json, "json json5 jsonc jsonl");
name(lua, "lua haskell hs elm");
name(css, "css scss less");
name(markup, "html xml svg vue svelte htm");

export function language_of(info: string): Language | null {
  return kByName[info.toLowerCase()] ?? null;
}

const kWord = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const kNumber = /(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)\w*/y;

// Where a string that began before `from` ends: behind its closing quote, or -1.
function string_end(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text.startsWith(quote, at)) return at + quote.length;
  }
  return -1;
}

// Pieces of a line, which joined give the line, and what is open behind it.
export function highlight(
  line: string,
  language: Language,
  carry: Carry,
): { pieces: [Kind, string][]; carry: Carry } {
  const pieces: [Kind, string][] = [];
  let plain = 0;
  let at = 0;
  const push = (kind: Kind, end: number) => {
    if (plain < at) pieces.push(["", line.slice(plain, at)]);
    if (at < end) pieces.push([kind, line.slice(at, end)]);
    at = plain = end;
  };
  const to_end = (kind: Kind, open: Carry) => {
    push(kind, line.length);
    return { pieces, carry: open };
  };
  if (carry && language.block && carry === language.block[1]) {
    const end = line.indexOf(carry);
    if (end < 0) return to_end("c", carry);
    push("c", end + carry.length);
  } else if (carry) {
    const end = string_end(line, 0, carry);
    if (end < 0) return to_end("s", carry);
    push("s", end);
  }
  while (at < line.length) {
    if (language.line.some((start) => line.startsWith(start, at))) return to_end("c", "");
    if (language.block && line.startsWith(language.block[0], at)) {
      const end = line.indexOf(language.block[1], at + language.block[0].length);
      if (end < 0) return to_end("c", language.block[1]);
      push("c", end + language.block[1].length);
      continue;
    }
    const quote = language.quotes.find((one) => line.startsWith(one, at));
    if (quote) {
      const end = string_end(line, at + quote.length, quote);
      if (end >= 0) push("s", end);
      else if (language.over_lines.includes(quote)) return to_end("s", quote);
      else at++; // an apostrophe, a lifetime
      continue;
    }
    kWord.lastIndex = kNumber.lastIndex = at;
    const word = kWord.exec(line)?.[0];
    if (word) {
      const key = language.fold ? word.toLowerCase() : word;
      if (language.keywords.has(key)) push("k", at + word.length);
      else at += word.length;
      continue;
    }
    const digits = kNumber.exec(line)?.[0];
    if (digits) push("n", at + digits.length);
    else at++;
  }
  push("", line.length);
  return { pieces, carry: "" };
}

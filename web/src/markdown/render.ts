// Tokens to elements. Only the elements named here can arise, with text as text: HTML in an answer
// is shown, not run, and nothing is loaded from anywhere.
import type { Tokens } from "marked";

import { CodeBox } from "./code";
import type { Formula, Token } from "./parse";

export interface Labels {
  copy_code: string;
  code: (language: string) => string;
  plain: string;
  table: string;
  diagram: string;
}

const kLink = /^(?:https?:\/\/|mailto:)/i;
const kNamed: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  ndash: "–",
  mdash: "—",
  hellip: "…",
  times: "×",
  deg: "°",
  euro: "€",
  copy: "©",
  rarr: "→",
  larr: "←",
};

function decode(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{2,8}));/gi, (all, dec, hex, name) => {
    if (name) return kNamed[name] ?? all;
    const code = dec ? Number(dec) : parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

function make(tag: string, ...children: (Node | string)[]): HTMLElement {
  const node = document.createElement(tag);
  node.append(...children);
  return node;
}

function inline(tokens: Token[] | undefined, into: Node) {
  for (const token of tokens ?? []) into.appendChild(inline_node(token));
}

function with_inline(tag: string, token: { tokens?: Token[] }): HTMLElement {
  const node = document.createElement(tag);
  inline(token.tokens, node);
  return node;
}

function link(href: string, token: { tokens?: Token[] }, text: string): Node {
  if (!kLink.test(href)) {
    const plain = document.createDocumentFragment();
    if (token.tokens) inline(token.tokens, plain);
    else plain.append(text);
    return plain;
  }
  const node = document.createElement("a");
  node.href = href;
  node.target = "_blank";
  node.rel = "noopener noreferrer";
  if (token.tokens) inline(token.tokens, node);
  else node.textContent = text;
  return node;
}

function inline_node(token: Token): Node {
  switch (token.type) {
    case "strong":
      return with_inline("strong", token as Tokens.Strong);
    case "em":
      return with_inline("em", token as Tokens.Em);
    case "del":
      return with_inline("del", token as Tokens.Del);
    case "codespan":
      return make("code", (token as Tokens.Codespan).text);
    case "br":
      return document.createElement("br");
    case "link": {
      const { href, text } = token as Tokens.Link;
      return link(href, token as Tokens.Link, text);
    }
    case "image": {
      // Not loaded: it would tell somebody that the answer is read.
      const { href, text } = token as Tokens.Image;
      return link(href, {}, text || href);
    }
    case "formula":
      return formula(token as unknown as Formula);
    case "html":
      return /^<br\s*\/?>$/i.test(token.raw)
        ? document.createElement("br")
        : document.createTextNode(token.raw);
    case "text": {
      const text = token as Tokens.Text;
      if (text.tokens) {
        const nodes = document.createDocumentFragment();
        inline(text.tokens, nodes);
        return nodes;
      }
      return document.createTextNode(decode(text.text));
    }
    default:
      return document.createTextNode("text" in token ? decode(String(token.text)) : token.raw);
  }
}

function formula(token: Formula): HTMLElement {
  const block = token.type === "formula_block" || /^(?:\$\$|\\\[)/.test(token.raw);
  const node = make(block ? "div" : "span", token.tex);
  if (block && token.type === "formula") {
    // Within a paragraph only phrasing may stand.
    const span = make("span", token.tex);
    span.className = "formula";
    draw(span, token.tex, false);
    return span;
  }
  node.className = block ? "formula wide-formula" : "formula";
  draw(node, token.tex, block);
  return node;
}

function draw(node: HTMLElement, tex: string, block: boolean) {
  void import("./math").then((math) => math.draw(node, tex, block));
}

function list(token: Tokens.List, labels: Labels): HTMLElement {
  const node = document.createElement(token.ordered ? "ol" : "ul");
  if (token.ordered && token.start !== 1 && token.start !== "") {
    (node as HTMLOListElement).start = Number(token.start);
  }
  for (const item of token.items) {
    const line = document.createElement("li");
    if (item.task) {
      const box = document.createElement("input");
      box.type = "checkbox";
      box.disabled = true;
      box.checked = item.checked ?? false;
      box.setAttribute("aria-label", item.text);
      line.append(box, " ");
    }
    for (const inner of item.tokens) {
      if (inner.type === "text") line.append(inline_node(inner));
      else line.append(...blocks([inner], labels));
    }
    node.append(line);
  }
  return node;
}

function table(token: Tokens.Table, labels: Labels): HTMLElement {
  const row = (cells: Tokens.TableCell[], tag: string) => {
    const line = document.createElement("tr");
    cells.forEach((cell, index) => {
      const node = with_inline(tag, cell);
      const align = token.align[index];
      if (align === "right") node.className = "n";
      else if (align === "center") node.className = "mid";
      if (tag === "th") (node as HTMLTableCellElement).scope = "col";
      line.append(node);
    });
    return line;
  };
  const head = make("thead", row(token.header, "th"));
  const body = make("tbody", ...token.rows.map((cells) => row(cells, "td")));
  const box = make("div", make("table", head, body));
  box.className = "tw";
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", labels.table);
  return box;
}

export function code(token: Tokens.Code, labels: Labels): CodeBox {
  const info = (token.lang ?? "").split(/\s/)[0] ?? "";
  const box = new CodeBox(info.slice(0, 40), labels);
  return box;
}

export function block(token: Token, labels: Labels): HTMLElement | null {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading": {
      // The page has one h1 of its own; an answer's headings begin below it.
      const depth = Math.min((token as Tokens.Heading).depth + 1, 6);
      return with_inline(`h${depth}`, token as Tokens.Heading);
    }
    case "paragraph":
      return with_inline("p", token as Tokens.Paragraph);
    case "text": {
      return make("p", inline_node(token));
    }
    case "code": {
      const box = code(token as Tokens.Code, labels);
      box.update((token as Tokens.Code).text, true);
      return box.node;
    }
    case "blockquote":
      return make("blockquote", ...blocks((token as Tokens.Blockquote).tokens, labels));
    case "list":
      return list(token as Tokens.List, labels);
    case "table":
      return table(token as Tokens.Table, labels);
    case "hr":
      return document.createElement("hr");
    case "formula_block":
      return formula(token as unknown as Formula);
    default: {
      const raw = make("p", token.raw.replace(/\n+$/, ""));
      raw.className = "raw";
      return raw;
    }
  }
}

export function blocks(tokens: Token[], labels: Labels): HTMLElement[] {
  return tokens.map((token) => block(token, labels)).filter((node) => node !== null);
}

import type { Tokens } from "marked";

import type { CodeBox } from "./code";
import { close_open_marks, parse, type Token } from "./parse";
import { block, code, type Labels } from "./render";

// A text that grows, as elements. Blocks that are finished are never touched again, not at the end
// of the stream either; only the last one is drawn anew.
export class Prose {
  private frozen = ""; // the text of finished blocks
  private last: HTMLElement | null = null;
  private last_code: CodeBox | null = null;
  private readonly caret = document.createElement("span");

  constructor(
    private readonly root: HTMLElement,
    private readonly labels: Labels,
  ) {
    this.caret.className = "caret";
    this.caret.setAttribute("aria-hidden", "true");
    this.caret.dataset.skip = "";
  }

  update(text: string, live: boolean) {
    text = text.replace(/\r\n?/g, "\n");
    this.caret.remove();
    if (!text.startsWith(this.frozen)) {
      this.root.replaceChildren();
      this.frozen = "";
      this.last = null;
      this.last_code = null;
    }
    const tokens = parse(text.slice(this.frozen.length));
    let end = tokens.length;
    while (end > 0 && tokens[end - 1]!.type === "space") end--;
    for (const token of tokens.slice(0, Math.max(0, end - 1))) this.freeze(token);
    const token = tokens[end - 1];
    if (token) this.show_last(token, live);
    if (live) this.place_caret();
  }

  // The last block has another behind it: it takes its final form, in place if it can.
  private freeze(token: Token) {
    this.frozen += token.raw;
    if (token.type === "space") return;
    if (this.last_code && token.type === "code") this.last_code.update(token.text as string, true);
    else this.replace_last(block(token, this.labels));
    this.last = null;
    this.last_code = null;
  }

  private show_last(token: Token, live: boolean) {
    if (token.type === "code" && /^ {0,3}[`~]{3}/.test(token.raw)) {
      const info = ((token as Tokens.Code).lang ?? "").split(/\s/)[0] ?? "";
      // The name behind the fence is still being written.
      if (live && !token.raw.includes("\n")) return;
      if (!this.last_code || this.last_code.info !== info) {
        const box = code(token as Tokens.Code, this.labels);
        this.replace_last(box.node);
        this.last_code = box;
      }
      const text = (token as Tokens.Code).text;
      const closed = !live || /\n {0,3}[`~]{3,}[ \t]*\n*$/.test(token.raw);
      // Else: what looks like the beginning of the closing fence.
      this.last_code!.update(closed ? text : text.replace(/\n?[`~]{1,2}$/, ""), closed);
      return;
    }
    this.last_code = null;
    let shown: Token = token;
    if (live && token.type !== "code" && token.type !== "table") {
      shown = parse(close_open_marks(token.raw)).find((one) => one.type !== "space") ?? token;
    }
    this.replace_last(block(shown, this.labels));
  }

  private replace_last(node: HTMLElement | null) {
    if (node) {
      if (this.last) this.last.replaceWith(node);
      else this.root.append(node);
    } else {
      this.last?.remove();
    }
    this.last = node;
  }

  private place_caret() {
    let at: Element = this.last ?? this.root;
    if (this.last_code) at = this.last_code.node.querySelector("pre")!;
    else {
      for (let next = at.lastElementChild; next; next = at.lastElementChild) {
        if (!/^(?:UL|OL|LI|P|BLOCKQUOTE|TABLE|TBODY|TR|TD)$/.test(next.tagName)) break;
        if (next.nextSibling?.textContent?.trim()) break;
        at = next;
      }
    }
    at.append(this.caret);
  }
}

// The language that the text is written in, as far as type needs to know: Hangul or not.
export function script_of(text: string, otherwise: string): string {
  const sample = text.slice(0, 2000);
  const letters = sample.match(/\p{L}/gu)?.length ?? 0;
  const hangul = sample.match(/\p{Script=Hangul}/gu)?.length ?? 0;
  if (letters > 0 && hangul / letters > 0.2) return "ko";
  return otherwise === "ko" && letters > 0 ? "en" : otherwise;
}

import { diagram } from "./diagram";
import { highlight, language_of, type Carry } from "./highlight";
import type { Labels } from "./render";

const kCopy = "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3";
const kCheck = "M3 8.5 6.5 12 13 4.5";
const kSvg = "http://www.w3.org/2000/svg";

function icon(path: string): SVGElement {
  const svg = document.createElementNS(kSvg, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "i");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(kSvg, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

// A code box that grows: complete lines are coloured once, the last one is plain until it ends.
export class CodeBox {
  readonly node = document.createElement("div");
  private readonly pre = document.createElement("pre");
  private readonly tail = document.createTextNode("");
  private readonly language;
  private carry: Carry = "";
  private done = 0;
  private text = "";
  private drawn = "";

  constructor(
    readonly info: string,
    private readonly labels: Labels,
  ) {
    this.language = language_of(info);
    this.node.className = "code";
    const head = document.createElement("div");
    head.className = "ch";
    head.dataset.skip = "";
    const name = document.createElement("span");
    name.textContent = info || labels.plain;
    const copy = document.createElement("button");
    copy.type = "button";
    copy.className = "ib";
    copy.setAttribute("aria-label", labels.copy_code);
    copy.append(icon(kCopy));
    copy.addEventListener("click", () => void this.copy(copy));
    head.append(name, copy);
    this.pre.tabIndex = 0;
    this.pre.setAttribute("aria-label", labels.code(info || labels.plain));
    this.pre.append(this.tail);
    this.node.append(head, this.pre);
  }

  get source() {
    return this.text;
  }

  update(text: string, finished: boolean) {
    if (!text.startsWith(this.text.slice(0, this.done))) {
      this.pre.replaceChildren(this.tail);
      this.done = 0;
      this.carry = "";
    }
    this.text = text;
    const end = finished ? text.length : text.lastIndexOf("\n") + 1;
    if (end > this.done) {
      this.tail.before(this.colour(text.slice(this.done, end)));
      this.done = end;
    }
    this.tail.data = text.slice(this.done);
    if (finished && this.info === "mermaid" && text !== this.drawn) this.draw();
  }

  private draw() {
    this.drawn = this.text;
    this.node.querySelector("iframe")?.remove();
    const frame = diagram(this.text, this.labels.diagram, () => {
      frame.remove();
      this.pre.hidden = false;
    });
    this.pre.hidden = true;
    this.node.append(frame);
  }

  private colour(text: string): DocumentFragment {
    const made = document.createDocumentFragment();
    if (!this.language) {
      made.append(text);
      return made;
    }
    const lines = text.split("\n");
    lines.forEach((line, index) => {
      const { pieces, carry } = highlight(line, this.language!, this.carry);
      this.carry = carry;
      for (const [kind, piece] of pieces) {
        if (!kind) {
          made.append(piece);
          continue;
        }
        const span = document.createElement("span");
        span.className = kind === "n" ? "nn" : kind;
        span.textContent = piece;
        made.append(span);
      }
      if (index < lines.length - 1) made.append("\n");
    });
    return made;
  }

  private async copy(button: HTMLButtonElement) {
    await navigator.clipboard.writeText(this.text);
    button.replaceChildren(icon(kCheck));
    setTimeout(() => button.replaceChildren(icon(kCopy)), 1500);
  }
}

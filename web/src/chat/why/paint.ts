// Tints an answer where it stands. Highlights of ranges leave the elements alone, so that no line
// breaks elsewhere than before.
import { align, range_of, type Shown } from "../../markdown/align";
import { bin, type Unit } from "./units";

const kNames = ["d1", "d2", "d3", "d4"];

export class Paint {
  private shown: (Shown | null)[];

  constructor(
    root: HTMLElement,
    text: string,
    private readonly units: Unit[],
  ) {
    this.shown = align(root, text);
    if (!("highlights" in CSS)) return;
    const ranges: Range[][] = [[], [], [], []];
    for (const unit of units) {
      const kind = bin(unit);
      const range = kind && unit.part === "answer" && range_of(this.shown, unit.from, unit.to);
      if (range) ranges[kind - 1]!.push(range);
    }
    kNames.forEach((name, index) => CSS.highlights.set(name, new Highlight(...ranges[index]!)));
  }

  mark(unit: Unit | undefined): Range | null {
    if (!("highlights" in CSS)) return null;
    const range =
      unit?.part === "answer" ? range_of(this.shown, unit.from, unit.to) : null;
    if (range) {
      const here = new Highlight(range);
      here.priority = 1;
      CSS.highlights.set("token-here", here);
    } else CSS.highlights.delete("token-here");
    return range;
  }

  // The unit at a point of the page.
  at(x: number, y: number): Unit | undefined {
    const place = caret_at(x, y);
    if (!place) return undefined;
    const source = this.shown.findIndex(
      (one) => one && one.node === place.node && one.at === place.at,
    );
    return source < 0
      ? undefined
      : this.units.find((unit) => unit.part === "answer" && unit.from <= source && source < unit.to);
  }

  clear() {
    if (!("highlights" in CSS)) return;
    for (const name of [...kNames, "token-here"]) CSS.highlights.delete(name);
  }
}

function caret_at(x: number, y: number): { node: Node; at: number } | null {
  const caret = (document as { caretPositionFromPoint?: (x: number, y: number) => CaretPosition | null })
    .caretPositionFromPoint?.(x, y);
  let node = caret?.offsetNode ?? null;
  let at = caret?.offset ?? 0;
  if (!node && document.caretRangeFromPoint) {
    const range = document.caretRangeFromPoint(x, y);
    node = range?.startContainer ?? null;
    at = range?.startOffset ?? 0;
  }
  if (!(node instanceof Text)) return null;
  // The caret stands between characters: the one under the point may be the one before.
  for (const one of [at, at - 1]) {
    if (one < 0 || one >= node.length) continue;
    const range = document.createRange();
    range.setStart(node, one);
    range.setEnd(node, one + 1);
    for (const box of range.getClientRects()) {
      if (box.left <= x && x <= box.right && box.top <= y && y <= box.bottom) return { node, at: one };
    }
  }
  return null;
}

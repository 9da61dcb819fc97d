// Where a piece of an answer's source stands in what was made of it. Characters shown are those of
// the source without its marks, in the same order, so each is looked for behind the one before.

export interface Shown {
  node: Text;
  at: number; // within the node
}

const kAheadMax = 400;

// For each UTF-16 unit of the source: where it is shown, or null (a mark, or not found).
export function align(root: HTMLElement, source: string): (Shown | null)[] {
  const shown: (Shown | null)[] = new Array(source.length).fill(null);
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ALL, {
    acceptNode: (node) =>
      node instanceof HTMLElement && (node.dataset.skip !== undefined || node.matches(".formula"))
        ? NodeFilter.FILTER_REJECT
        : NodeFilter.FILTER_ACCEPT,
  });
  let from = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!(node instanceof Text)) continue;
    const text = node.data;
    const whole = source.indexOf(text, from);
    if (text.length > 2 && whole >= 0 && whole - from < kAheadMax) {
      for (let at = 0; at < text.length; at++) shown[whole + at] = { node, at };
      from = whole + text.length;
      continue;
    }
    for (let at = 0; at < text.length; at++) {
      const found = source.indexOf(text[at]!, from);
      if (found < 0 || found - from > kAheadMax) continue;
      shown[found] = { node, at };
      from = found + 1;
    }
  }
  return shown;
}

export function range_of(shown: (Shown | null)[], from: number, to: number): Range | null {
  let first: Shown | null = null;
  let last: Shown | null = null;
  for (let at = from; at < to; at++) {
    const one = shown[at];
    if (!one) continue;
    first ??= one;
    last = one;
  }
  if (!first || !last) return null;
  const range = document.createRange();
  range.setStart(first.node, first.at);
  range.setEnd(last.node, last.at + 1);
  return range;
}

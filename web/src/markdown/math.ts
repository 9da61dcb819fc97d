// A chunk of its own: loaded with the first formula.
import katex from "katex";
import "katex/dist/katex.min.css";

export function draw(node: HTMLElement, tex: string, block: boolean) {
  try {
    // Into elements: markup with style attributes would not pass the page's policy.
    katex.render(tex, node, {
      displayMode: block,
      throwOnError: true,
      trust: false,
      maxExpand: 200,
      maxSize: 20,
      strict: "ignore",
    });
  } catch {
    node.textContent = tex;
  }
}

// An answer's tokens as they can be pointed at. Tokens that end within a character (bytes of one
// Hangul syllable or emoji) are one unit with the one that completes it, and the product of their
// probabilities.
import type { Token } from "../../api";

export interface Unit {
  first: number; // index of its first token
  count: number;
  text: string;
  part: "thinking" | "answer" | "control";
  p: number | null;
  from: number; // in the text of its part
  to: number;
  forced: boolean;
}

export function units_of(tokens: Token[]): Unit[] {
  const units: Unit[] = [];
  const at = { thinking: 0, answer: 0, control: 0 };
  let open: Unit | null = null;
  tokens.forEach((token, index) => {
    const part = token.part ?? "answer";
    if (part === "control") {
      open = null;
      return;
    }
    if (open && open.part === part && open.text === "") {
      open.count++;
      open.p = open.p === null || token.p == null ? null : open.p * token.p;
    } else {
      open = {
        first: index,
        count: 1,
        text: "",
        part,
        p: token.p ?? null,
        from: at[part],
        to: at[part],
        forced: token.forced ?? false,
      };
      units.push(open);
    }
    open.text += token.text;
    at[part] += token.text.length;
    open.to = at[part];
    if (open.text !== "") open = null;
  });
  return units;
}

// How much doubt: 0 (plain) to 4.
export function bin(unit: { p: number | null; forced: boolean }): 0 | 1 | 2 | 3 | 4 {
  if (unit.p === null || unit.forced || unit.p >= 0.9) return 0;
  return unit.p >= 0.6 ? 1 : unit.p >= 0.3 ? 2 : unit.p >= 0.1 ? 3 : 4;
}

export function visible(text: string): string {
  return text.replace(/ /g, "␣").replace(/\n/g, "⏎").replace(/\t/g, "⇥") || "∅";
}

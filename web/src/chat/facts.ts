import type { Message } from "../api";
import type { Words } from "../words/en";
import { duration, figure } from "../words/format";

// Tokens a second while writing: from the first token to the last.
export function speed_of(message: Message): number | null {
  const facts = message.facts;
  if (!facts?.tokens || !facts.decode_ms || facts.tokens < 2) return null;
  return ((facts.tokens - 1) * 1000) / facts.decode_ms;
}

export function facts_line(message: Message, words: Words): string {
  const facts = message.facts;
  if (!facts?.tokens) return message.model ?? "";
  const parts = [message.model ?? "", words.tokens(facts.tokens)];
  const speed = speed_of(message);
  if (speed) parts.push(`${figure(speed)}\u00a0${words.tok_s}`);
  if (facts.prefill_ms !== undefined) {
    parts.push(words.first_token(duration((facts.queue_ms ?? 0) + facts.prefill_ms)));
  }
  return parts.filter(Boolean).join(" · ");
}

import { app } from "../state/app.svelte";

// Keys in the conversation (web-design §5): they press the buttons of the turn that has the focus.
const kActions: Record<string, string> = {
  e: "edit",
  r: "regenerate",
  y: "copy",
  w: "why",
  "[": "previous",
  "]": "next",
  "+": "good",
  "-": "poor",
  "−": "poor",
};

export function in_text_field(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

export function transcript_key(event: KeyboardEvent) {
  if (event.ctrlKey || event.metaKey || event.altKey || in_text_field(event.target)) return;
  if (app.settings.single_keys === false) return;
  const log = event.currentTarget as HTMLElement;
  const turns = [...log.querySelectorAll<HTMLElement>("[data-turn]")];
  const here = (event.target as HTMLElement).closest<HTMLElement>("[data-turn]");
  const key = event.key.toLowerCase();
  if (key === "j" || key === "k") {
    const at = here ? turns.indexOf(here) : turns.length;
    const next = turns[Math.max(0, Math.min(turns.length - 1, at + (key === "j" ? 1 : -1)))];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
    event.preventDefault();
    return;
  }
  const action = kActions[key];
  const turn = here ?? turns[turns.length - 1];
  const button = action && turn?.querySelector<HTMLElement>(`[data-action="${action}"]`);
  if (button) {
    event.preventDefault();
    button.click();
  }
}

import { in_text_field } from "../keys";

// While the panel is open: arrows walk over tokens, figures take an alternative.
export function doubt_key(event: KeyboardEvent) {
  if (event.ctrlKey || event.metaKey || event.altKey || in_text_field(event.target)) return;
  const panel = document.querySelector<HTMLElement>("[data-why]");
  const press = (name: string) => panel?.querySelector<HTMLElement>(`[data-key="${name}"]`)?.click();
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    // Tabs have arrows of their own.
    if ((event.target as HTMLElement).getAttribute?.("role") === "tab") return;
    const way = event.key === "ArrowLeft" ? "previous" : "next";
    panel?.dispatchEvent(new CustomEvent("step", { detail: { way, doubtful: event.shiftKey } }));
    event.preventDefault();
  } else if (/^[1-9]$/.test(event.key)) press(`take-${event.key}`);
}

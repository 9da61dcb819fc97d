// Enter sends, except where it belongs to the input method. In Korean the syllable being composed
// is finished by the same Enter that the writer means as "send": it is sent once the composition
// has ended, once. In other scripts that Enter only picks a candidate.

const kHangul = /^[\p{Script=Hangul}\s\p{P}\p{N}]+$/u;

export function plain_enter(field: HTMLTextAreaElement, send: () => void): () => void {
  let composing = "";
  let send_when_composed = false;

  const keydown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    if (event.isComposing || event.keyCode === 229) {
      if (composing && kHangul.test(composing)) send_when_composed = true;
      return;
    }
    event.preventDefault();
    // Some systems end the composition and repeat the key: the first one is what counts.
    if (!send_when_composed) send();
  };
  const update = (event: CompositionEvent) => {
    composing = event.data;
  };
  const end = () => {
    composing = "";
    if (!send_when_composed) return;
    // The field gets the composed text, and some systems a line break, after this event.
    setTimeout(() => {
      send_when_composed = false;
      field.value = field.value.replace(/\n$/, "");
      send();
    });
  };
  field.addEventListener("keydown", keydown);
  field.addEventListener("compositionupdate", update);
  field.addEventListener("compositionend", end);
  return () => {
    field.removeEventListener("keydown", keydown);
    field.removeEventListener("compositionupdate", update);
    field.removeEventListener("compositionend", end);
  };
}

// How the conversation scrolls while an answer is written (web-design §7): the end is followed only
// while the reader is there and not doing anything else, and never with an animation.

const kNearPx = 48;

export class Follow {
  private pointer_down = false;
  private top = 0;
  following = true;

  constructor(
    private readonly log: HTMLElement,
    private readonly changed: (at_end: boolean) => void,
  ) {
    const up = () => {
      this.pointer_down = false;
    };
    const stop = (event: Event) => {
      if (event instanceof WheelEvent && event.deltaY >= 0) return;
      if (event instanceof KeyboardEvent) {
        if (!/^(?:ArrowUp|PageUp|Home)$/.test(event.key)) return;
      }
      this.following = false;
    };
    log.addEventListener("pointerdown", () => {
      this.pointer_down = true;
    });
    addEventListener("pointerup", up);
    log.addEventListener("wheel", stop, { passive: true });
    log.addEventListener("touchmove", stop, { passive: true });
    log.addEventListener("keydown", stop);
    log.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.close = () => removeEventListener("pointerup", up);
  }

  close: () => void;

  private distance() {
    return this.log.scrollHeight - this.log.clientHeight - this.log.scrollTop;
  }

  private scrolled() {
    const near = this.distance() <= kNearPx;
    // Up by the scroll bar, a search, a link: whoever did it wants to be there.
    if (near) this.following = true;
    else if (this.log.scrollTop < this.top) this.following = false;
    this.top = this.log.scrollTop;
    this.changed(near);
  }

  to_end() {
    this.log.scrollTop = this.log.scrollHeight;
    this.following = true;
    this.changed(true);
  }

  // Something was drawn.
  grown() {
    const selected = !(getSelection()?.isCollapsed ?? true);
    if (this.following && !this.pointer_down && !selected && this.distance() > 0) {
      this.log.scrollTop = this.log.scrollHeight;
    }
    this.changed(this.distance() <= kNearPx);
  }
}

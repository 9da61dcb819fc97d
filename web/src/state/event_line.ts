// The stream of events: connects, and connects again where it left off.

export type ToTab =
  | { kind: "event"; id: number; type: string; data: string }
  | { kind: "state"; open: boolean };

const kTypes = [
  "reset",
  "chat",
  "chat_deleted",
  "message",
  "progress",
  "delta",
  "models",
  "settings",
  "signed_out",
];
const kWaitMsMax = 30_000;

export class EventLine {
  open = true;
  last: number;
  private source: EventSource | null = null;
  private wait_ms = 1000;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    after: number,
    private readonly tell: (what: ToTab) => void,
  ) {
    this.last = after;
    this.connect();
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  // The machine woke up or the network came back: no reason to wait any longer.
  retry() {
    if (!this.source || this.source.readyState !== EventSource.OPEN) {
      this.close();
      this.connect();
    }
  }

  private connect() {
    const source = new EventSource(`/api/events?after=${this.last}`);
    this.source = source;
    source.onopen = () => {
      this.wait_ms = 1000;
      this.set_open(true);
    };
    source.onerror = () => {
      if (source !== this.source) return;
      this.set_open(false);
      // The browser's own attempts would all start from the address above; ours from what is known.
      source.close();
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.connect(), this.wait_ms);
      this.wait_ms = Math.min(this.wait_ms * 2, kWaitMsMax);
    };
    for (const type of kTypes) {
      source.addEventListener(type, (event) => {
        const id = Number((event as MessageEvent).lastEventId) || this.last;
        this.last = Math.max(this.last, id);
        this.tell({ kind: "event", id, type, data: (event as MessageEvent<string>).data });
      });
    }
  }

  private set_open(open: boolean) {
    if (open === this.open) return;
    this.open = open;
    this.tell({ kind: "state", open });
  }
}

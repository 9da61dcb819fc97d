import { EventLine, type ToTab } from "./event_line";

// Joins the browser's stream of events after `after`; answers how to leave and how to hurry.
export function listen(after: number, tell: (what: ToTab) => void) {
  if (typeof SharedWorker === "undefined") {
    const line = new EventLine(after, tell);
    return { retry: () => line.retry() };
  }
  let worker: SharedWorker | null = null;
  let last = after;
  const connect = () => {
    worker = new SharedWorker(new URL("./events.worker.ts", import.meta.url), {
      type: "module",
      name: "bise events",
    });
    worker.port.onmessage = (event: MessageEvent<ToTab>) => {
      if (event.data.kind === "event") last = Math.max(last, event.data.id);
      tell(event.data);
    };
    worker.port.postMessage({ join: last });
  };
  connect();
  addEventListener("pagehide", () => worker?.port.postMessage({ leave: true }));
  // A page out of the back-forward cache left when it went in.
  addEventListener("pageshow", (event) => {
    if (event.persisted) connect();
  });
  return { retry: () => worker?.port.postMessage({ retry: true }) };
}

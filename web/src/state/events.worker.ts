// One connection for all tabs: HTTP/1.1 gives a browser six to a host, and each open tab would hold
// one. Without SharedWorker (Chrome on Android) events.ts opens one for the tab itself.
import { EventLine, type ToTab } from "./event_line";

const tabs = new Set<MessagePort>();
const recent: ToTab[] = [];
const kRecentMax = 4096;
let line: EventLine | null = null;

function tell(what: ToTab) {
  if (what.kind === "event") {
    recent.push(what);
    if (recent.length > kRecentMax) recent.shift();
  }
  for (const tab of tabs) tab.postMessage(what);
}

function join(port: MessagePort, after: number) {
  tabs.add(port);
  if (!line) {
    line = new EventLine(after, tell);
    return;
  }
  // What this tab has missed between its first data and now.
  const first = recent[0];
  if (first?.kind === "event" && recent.length === kRecentMax && first.id > after + 1) {
    port.postMessage({ kind: "event", id: line.last, type: "reset", data: "{}" } satisfies ToTab);
    return;
  }
  for (const event of recent) if (event.kind === "event" && event.id > after) port.postMessage(event);
  port.postMessage({ kind: "state", open: line.open } satisfies ToTab);
}

(self as unknown as { onconnect: (event: MessageEvent) => void }).onconnect = (event) => {
  const port = event.ports[0]!;
  port.onmessage = (message: MessageEvent<{ join?: number; leave?: true; retry?: true }>) => {
    if (message.data.join !== undefined) join(port, message.data.join);
    if (message.data.retry) line?.retry();
    if (message.data.leave) {
      tabs.delete(port);
      if (tabs.size === 0) {
        line?.close();
        line = null;
        recent.length = 0;
      }
    }
  };
};

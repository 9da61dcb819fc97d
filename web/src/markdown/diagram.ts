// A diagram in a frame of its own, sandboxed: what draws it can reach nothing of the page. The box
// has a fixed height, so that nothing moves when it is drawn. What cannot be drawn stays code.

export function diagram(text: string, title: string, failed: () => void): HTMLIFrameElement {
  const frame = document.createElement("iframe");
  frame.className = "diagram";
  frame.title = title;
  frame.setAttribute("sandbox", "allow-scripts");
  const dark = () => {
    const theme = document.documentElement.dataset.theme;
    return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const hear = (event: MessageEvent) => {
    if (!frame.isConnected) return void removeEventListener("message", hear);
    if (event.source !== frame.contentWindow) return;
    if (event.data.ready) frame.contentWindow?.postMessage({ text, dark: dark() }, "*");
    else {
      removeEventListener("message", hear);
      if (!event.data.drawn) failed();
    }
  };
  addEventListener("message", hear);
  frame.src = "/diagram.html";
  return frame;
}

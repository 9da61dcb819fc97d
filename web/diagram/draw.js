// In the frame that draws diagrams: it has no origin, no cookies and no network, gets a text and
// answers whether it could be drawn.
(function () {
  document.body.style.cssText =
    "margin:0;height:100vh;display:grid;place-items:center;background:transparent";

  async function draw(text, dark) {
    mermaid.initialize({
      startOnLoad: false,
      securityLevel: "strict",
      theme: dark ? "dark" : "neutral",
      fontFamily: "Inter, system-ui, sans-serif",
      maxTextSize: 50000,
      suppressErrorRendering: true,
    });
    const { svg } = await mermaid.render("d", text);
    document.body.innerHTML = svg;
    document.body.firstElementChild.style.maxHeight = "100vh";
  }

  addEventListener("message", (event) => {
    if (event.source !== parent) return;
    draw(String(event.data.text), Boolean(event.data.dark)).then(
      () => parent.postMessage({ drawn: true }, "*"),
      () => parent.postMessage({ drawn: false }, "*"),
    );
  });
  parent.postMessage({ ready: true }, "*");
})();

(() => {
  const script = document.currentScript;
  const page = new URL("widget/", script.src);
  const frame = document.createElement("iframe");
  if (script.dataset.language) page.searchParams.set("language", script.dataset.language);
  frame.src = page.href;
  frame.title = {{ title|safe }};
  frame.setAttribute("sandbox", "allow-forms allow-scripts allow-same-origin allow-popups");
  frame.style.cssText = "display:block;width:100%;max-width:640px;height:560px;border:0";
  addEventListener("message", ({ data, origin, source }) => {
    if (origin !== page.origin || source !== frame.contentWindow) return;
    const height = Number(data && data.vinculoHeight);
    if (height > 0) frame.style.height = Math.min(Math.ceil(height), 5000) + "px";
  });
  script.after(frame);
})();

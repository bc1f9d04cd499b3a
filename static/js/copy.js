// A button with data-copy="id" puts that element's text into the clipboard; without scripts it stays hidden.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = !navigator.clipboard;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  const source = button && document.getElementById(button.dataset.copy);
  if (!source) return;
  await navigator.clipboard.writeText(source.innerText.trim());
  const words = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = words; }, 2000);
});

document.addEventListener("htmx:afterSwap", (event) => {
  for (const button of event.target.querySelectorAll?.("button[data-copy]") ?? []) {
    button.hidden = !navigator.clipboard;
  }
});

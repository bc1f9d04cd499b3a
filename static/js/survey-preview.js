/*
The preview follows what is typed. The form is sent into a new frame each time: a frame that is new
adds nothing to the browser's way back, and the old one stays until the new one has something to show.
Without this, the button beside it sends the form into the frame.
*/

const form = document.getElementById("survey-form");
const preview = document.querySelector("[data-preview]");
let number = 0;
let timer;

function show() {
  const old = preview.querySelector("iframe:not([hidden])");
  for (const late of preview.querySelectorAll("iframe[hidden]")) late.remove();
  const frame = old.cloneNode();
  number += 1;
  frame.name = `preview-${number}`;
  frame.removeAttribute("src");
  frame.hidden = true;
  old.after(frame);
  const { action, target } = form;
  form.action = preview.dataset.preview;
  form.target = frame.name;
  // Says nothing to whoever listens to "submit": nothing is saved by this.
  form.submit();
  form.action = action;
  form.target = target;
  // That of the empty page has been when the frame was put in.
  frame.addEventListener("load", () => {
    old.remove();
    frame.hidden = false;
  });
}

function soon(length) {
  clearTimeout(timer);
  timer = setTimeout(show, length);
}

form.addEventListener("input", () => soon(500));
document.addEventListener("htmx:afterSwap", () => soon(0));
for (const select of preview.querySelectorAll("select")) {
  select.addEventListener("change", () => soon(0));
}
preview.querySelector("button").addEventListener("click", (event) => {
  event.preventDefault();
  soon(0);
});

// What came back with something wrong is shown as it was typed.
if (preview.dataset.typed !== undefined) soon(0);

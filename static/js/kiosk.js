/*
A tablet on the counter: whoever comes next finds an empty form. Nothing is touched for a while, or
the thanks have been read: back to the beginning. An empty form that waits is left alone.
*/

const { home, seconds, waits } = document.getElementById("kiosk").dataset;
// What the form carries is good for two days.
const RENEW = 6 * 3600;
let timer;

function begin() {
  window.location.replace(home);
}

function wait(length) {
  clearTimeout(timer);
  timer = setTimeout(begin, length * 1000);
}

for (const name of ["pointerdown", "keydown", "input"]) {
  document.addEventListener(name, () => wait(Number(seconds)), { passive: true });
}

// The browser's own memory of the page would show what was typed last.
window.addEventListener("pageshow", ({ persisted }) => {
  if (persisted) begin();
});

wait(waits === undefined ? Number(seconds) : RENEW);

/*
The frame's own script. Every page works without it; it adds keys, saving by keyboard, a warning
before unsaved words are lost, and a voice for what htmx swaps. No eval, no inline handlers.

What templates say to it
  form[data-guard]           warn when leaving with unsaved changes (_form.html has it)
  a[data-cancel]             where Esc leads
  [data-key="e"], "n", "r", "a", "s"   what a letter opens on this page; n falls back to .page-tools .btn-primary
  tr (in table.list)         a row; its .row-link opens, its .cell-select input selects
  [data-step]                what j and k go through on a page without a list
  input[data-select-all]     checks every .cell-select input of its form
  [data-selected-count]      shows how many rows are chosen
  [data-announce="…"]        in a swapped fragment: the words that are read out
  input[data-find]           where "/" leads on this page, rather than to the search above
  [data-open="id"]           opens the <dialog> of that id
  form[data-autosubmit]      sends itself when a select or checkbox in it changes
  form[data-with-address]    sends the query of the page's address, as htmx left it, as "address"
*/

const announcer = document.getElementById("announce");

/** Read `text` out; the pause lets a screen reader notice the same words twice. */
function announce(text) {
  if (!announcer || !text) return;
  announcer.textContent = "";
  setTimeout(() => {
    announcer.textContent = text;
  }, 60);
}

const isTyping = (element) =>
  element instanceof HTMLElement &&
  (element.isContentEditable ||
    ["TEXTAREA", "SELECT"].includes(element.tagName) ||
    (element.tagName === "INPUT" && !["checkbox", "radio", "button", "submit"].includes(element.type)));

/* --- htmx --------------------------------------------------------------------------- */

document.addEventListener("htmx:configRequest", (event) => {
  const { verb, headers } = event.detail;
  if (verb !== "get") headers["X-CSRFToken"] = document.body.dataset.csrf;
});

document.addEventListener("htmx:beforeRequest", () => document.body.classList.add("is-loading"));
document.addEventListener("htmx:afterRequest", () => document.body.classList.remove("is-loading"));

// Sent by each element that came in, not by the one that it replaced.
document.addEventListener("htmx:afterSwap", ({ target }) => {
  const spoken = target.matches("[data-announce]") ? target : target.querySelector("[data-announce]");
  announce(spoken?.dataset.announce);
  countSelected();
  if (!document.querySelector(".is-current")) row = -1; // those rows are gone
});

for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(name, (event) => {
    const { status, responseText } = event.detail.xhr ?? {};
    // A form that came back with errors is an answer, not a failure.
    if (status === 422 && responseText) return;
    complain(status ? announcer?.dataset.failed : announcer?.dataset.offline);
  });
}

// A refused form (422) is shown in place, with what was typed and why not.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status === 422) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

function complain(text) {
  const messages = document.getElementById("messages");
  if (!messages || !text) return;
  const note = document.createElement("div");
  note.className = "message message-error";
  note.setAttribute("role", "alert");
  note.textContent = text;
  messages.replaceChildren(note);
}

/* --- Forms -------------------------------------------------------------------------- */

const changed = new Set();

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-guard]");
  if (form) changed.add(form);
});
document.addEventListener("submit", (event) => changed.delete(event.target));
document.addEventListener("submit", ({ target }) => {
  if (target.matches("form[data-with-address]")) {
    target.elements.address.value = window.location.search.slice(1);
  }
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest?.("form");
  // What is merely asked for within a form, such as suggestions, saves nothing.
  const saved = event.detail.successful && event.detail.requestConfig.verb !== "get";
  if (saved && form) changed.delete(form);
});
window.addEventListener("beforeunload", (event) => {
  if ([...changed].some((form) => form.isConnected)) event.preventDefault();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-select-all]")) {
    for (const box of rowBoxes(event.target)) box.checked = event.target.checked;
  }
  if (event.target.closest(".cell-select, [data-select-all]")) {
    // Who takes one out no longer means all that match.
    const everything = event.target.form?.elements.everything;
    if (everything && !event.target.checked) everything.checked = false;
    countSelected();
  }
  event.target.closest("form[data-autosubmit]")?.requestSubmit();
});

function rowBoxes(within) {
  return (within.closest("form") ?? document).querySelectorAll("tbody .cell-select input");
}

let lastBox = null;

/** Do to all between the box pressed last and this one what was done to this one. */
function selectTo(box) {
  const boxes = [...rowBoxes(box)];
  const [from, to] = [boxes.indexOf(lastBox), boxes.indexOf(box)].sort((a, b) => a - b);
  if (from < 0) return;
  for (const one of boxes.slice(from, to + 1)) one.checked = box.checked;
  countSelected();
}

document.addEventListener("click", (event) => {
  const box = event.target.closest("tbody .cell-select input");
  if (!box) return;
  if (event.shiftKey) selectTo(box);
  lastBox = box;
});

function countSelected() {
  for (const place of document.querySelectorAll("[data-selected-count]")) {
    const boxes = [...rowBoxes(place)];
    const chosen = boxes.filter((box) => box.checked).length;
    place.textContent = new Intl.NumberFormat(document.documentElement.lang).format(chosen);
    const all = place.closest("form")?.querySelector("[data-select-all]");
    if (all) {
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
  }
}

/* --- Menus and dialogs -------------------------------------------------------------- */

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) {
    event.preventDefault();
    document.getElementById(opener.dataset.open)?.showModal();
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  // A click beside a dialog closes it.
  if (event.target instanceof HTMLDialogElement && event.target.open) event.target.close();
});

/* --- Keys --------------------------------------------------------------------------- */

let row = -1;
let going = 0;

const rowBox = () => rows()[row]?.querySelector(".cell-select input");

const rows = () => [...document.querySelectorAll("table.list tbody tr, [data-step]")];

function step(by) {
  const all = rows();
  if (!all.length) return;
  all[row]?.classList.remove("is-current");
  row = Math.min(Math.max(row + by, 0), all.length - 1);
  const current = all[row];
  current.classList.add("is-current");
  (current.matches("[data-step]") ? current : current.querySelector(".row-link, a, button"))?.focus();
  current.scrollIntoView({ block: "nearest" });
}

/** Follow or press what carries `data-key`; true when there was something. */
function press(key) {
  const scope = rows()[row] ?? document;
  const found =
    scope.querySelector(`[data-key="${key}"]`) ??
    document.querySelector(`[data-key="${key}"]`) ??
    (key === "n" ? document.querySelector(".page-tools .btn-primary") : null);
  found?.click();
  return Boolean(found);
}

function go(key) {
  const place = { c: "c", t: "t", m: "m" }[key];
  const link = place && document.querySelector(`.app-nav [data-go="${place}"]`);
  if (link) window.location.assign(link.href);
  return Boolean(link);
}

const plain = {
  "?": () => document.getElementById("keys")?.showModal(),
  "/": () => (document.querySelector("[data-find]") ?? document.getElementById("search"))?.select(),
  g: () => {
    going = Date.now();
  },
  j: () => step(1),
  k: () => step(-1),
  x: () => rowBox()?.click(),
  X: () => {
    const box = rowBox();
    if (!box) return;
    box.checked = true;
    selectTo(box);
    lastBox = box;
    countSelected();
  },
  e: () => press("e"),
  n: () => press("n"),
  r: () => press("r"),
  a: () => press("a"),
  s: () => press("s"),
};

function cancel() {
  const open = document.querySelector("details.menu[open]");
  if (open) {
    open.open = false;
    open.querySelector("summary").focus();
  } else {
    (document.activeElement?.closest("form") ?? document).querySelector("a[data-cancel]")?.click();
  }
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || document.querySelector("dialog[open]")) return;
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    const form = event.target.closest?.("form[method=post]");
    if (form) {
      event.preventDefault();
      form.requestSubmit();
    }
    return;
  }
  if (event.key === "Escape") return cancel();
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (Date.now() - going < 1200) {
    going = 0;
    if (go(event.key)) return event.preventDefault();
  }
  if (plain[event.key]) {
    event.preventDefault();
    plain[event.key]();
  }
});

// After a refused form, the summary of what is wrong comes first.
document.getElementById("form-errors")?.focus();
countSelected();

/*
The page of a ticket. It works without this: here are the draft that survives a closed tab, canned
replies by /shortcut, who is typing, and the bar that lets one take a reply back.

What templates say to it
  [data-write="reply|note"]     begins to write one
  form[data-draft="key"]        its text is kept in this browser under the key until it is sent
  form[data-canned="url"]       where the text of a canned reply is asked for
  [data-insert="…"]             puts these words where the cursor is
  [data-insert-reply="12"]      puts that canned reply there
  .take-back[data-seconds]      goes when its time is over
*/

const form = document.querySelector("form.compose-form");
const text = form?.querySelector("textarea");
const announcer = document.getElementById("announce");

const say = (words) => {
  if (announcer && words) announcer.textContent = words;
};

/* --- Beginning to write ---------------------------------------------------------------- */

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-write]");
  if (!opener || !text) return;
  event.preventDefault();
  opener.closest("details.menu")?.removeAttribute("open");
  document.getElementById(`write-${opener.dataset.write}`).checked = true;
  text.focus();
  text.scrollIntoView({ block: "center" });
});

/* --- The draft -------------------------------------------------------------------------- */

// A browser may refuse to store anything: then there is no draft, and nothing else is lost.
const store = {
  get: (area, key) => {
    try {
      return area.getItem(key);
    } catch {
      return null;
    }
  },
  set: (area, key, value) => {
    try {
      if (value) area.setItem(key, value);
      else area.removeItem(key);
    } catch {
      /* full or forbidden */
    }
  },
};

if (form && text) {
  const key = form.dataset.draft;
  const refused = "refused" in form.dataset;
  if (!refused && store.get(sessionStorage, `${key}-sent`)) store.set(localStorage, key, "");
  store.set(sessionStorage, `${key}-sent`, "");
  const draft = store.get(localStorage, key);
  if (draft && !text.value) {
    const { kind, words } = JSON.parse(draft);
    text.value = words;
    const choice = document.getElementById(`write-${kind}`);
    if (choice) choice.checked = true;
    say(form.dataset.restored);
  }
  let pause = 0;
  const keep = () => {
    const kind = new FormData(form).get("kind");
    store.set(localStorage, key, text.value && JSON.stringify({ kind, words: text.value }));
  };
  form.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(keep, 400);
  });
  window.addEventListener("pagehide", keep);
  form.addEventListener("submit", (event) => {
    clearTimeout(pause);
    // Only writing itself ends the draft, and only once the next page shows that it went well.
    if (!event.submitter?.hasAttribute("formaction")) store.set(sessionStorage, `${key}-sent`, "1");
  });
}

/* --- Words put in ----------------------------------------------------------------------- */

function put(words, from = text.selectionStart, to = text.selectionEnd) {
  text.focus();
  text.setRangeText(words, from, to, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
}

async function canned(query) {
  const answer = await fetch(`${form.dataset.canned}?${new URLSearchParams(query)}`);
  return answer.ok ? answer.text() : null;
}

form?.addEventListener("click", async (event) => {
  const chosen = event.target.closest("[data-insert], [data-insert-reply]");
  if (!chosen) return;
  chosen.closest("details.menu")?.removeAttribute("open");
  const words = chosen.dataset.insert ?? (await canned({ reply: chosen.dataset.insertReply }));
  if (words) put(chosen.dataset.insert ? `${words} ` : words);
});

// "/hours" and a space, Enter or Tab.
text?.addEventListener("keydown", async (event) => {
  if (![" ", "Enter", "Tab"].includes(event.key) || event.ctrlKey || event.metaKey || event.isComposing) return;
  const before = text.value.slice(0, text.selectionStart);
  const typed = before.match(/(?:^|\s)\/([\w-]{1,30})$/);
  if (!typed) return;
  const start = text.selectionStart - typed[1].length - 1;
  const end = text.selectionStart;
  if (event.key === "Tab") event.preventDefault();
  const words = await canned({ shortcut: typed[1] });
  // What was typed while the answer was on its way stays, behind it.
  if (words && text.value.slice(start, end) === `/${typed[1]}`) {
    put(words, start, event.key === "Tab" ? end : end + 1);
  }
});

/* --- Who is typing ---------------------------------------------------------------------- */

let typedAt = 0;
form?.addEventListener("input", () => {
  typedAt = Date.now();
});
document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.id !== "presence") return;
  event.detail.parameters.typing = Date.now() - typedAt < 12_000 ? "1" : "";
});

/* --- Taking back -------------------------------------------------------------------------- */

const bar = document.querySelector(".take-back");
if (bar) setTimeout(() => bar.remove(), Number(bar.dataset.seconds) * 1000);

/* --- A phone has no room for what stands beside ------------------------------------------- */

const side = document.querySelector("details.ticket-side");
if (side && window.matchMedia("(width < 900px)").matches) side.open = false;

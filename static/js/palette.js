/*
Search everywhere: Ctrl-K or ⌘K opens it over any page (templates/_palette.html), "/" too where the page
has no search of its own. The field keeps the focus; the arrow keys say which option is meant, and Enter
follows it. Options come from the search page, which does the same without scripts.

What was open lately is kept in this browser alone, for this person alone, and forgotten at signing out.
*/

const palette = document.getElementById("palette");
const input = document.getElementById("palette-input");
const recent = palette?.querySelector(".palette-recent");
const key = `recent:${document.body.dataset.person}`;
const MOST = 7;

const options = () => [...palette.querySelectorAll("[role=option]")].filter((one) => !one.closest("[hidden]"));

/* --- What was open lately ------------------------------------------------------------ */

function lately() {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? [];
  } catch {
    return [];
  }
}

function remember() {
  const title = document.querySelector("h1")?.textContent.trim();
  if (!title || !/^\/(customers|tickets|deals)\/\d+\/$/.test(location.pathname)) return;
  const others = lately().filter(({ url }) => url !== location.pathname);
  localStorage.setItem(key, JSON.stringify([{ url: location.pathname, title }, ...others].slice(0, MOST + 1)));
}

function showRecent() {
  const known = lately().filter(({ url }) => url !== location.pathname).slice(0, MOST);
  recent.hidden = !known.length || Boolean(input.value.trim());
  if (recent.hidden) return recent.replaceChildren();
  const title = document.createElement("div");
  title.className = "palette-title";
  title.textContent = recent.dataset.recentTitle;
  const links = known.map(({ url, title: words }, place) => {
    const link = document.createElement("a");
    link.className = "palette-option";
    link.id = `palette-recent-${place}`;
    link.href = url;
    link.tabIndex = -1;
    link.setAttribute("role", "option");
    link.setAttribute("aria-selected", "false");
    const text = document.createElement("span");
    text.className = "truncate";
    text.textContent = words;
    link.append(text);
    return link;
  });
  recent.setAttribute("role", "listbox");
  recent.setAttribute("aria-label", recent.dataset.recentTitle);
  recent.replaceChildren(title, ...links);
}

/* --- Choosing ------------------------------------------------------------------------ */

function choose(option) {
  for (const one of options()) one.setAttribute("aria-selected", String(one === option));
  if (option) {
    input.setAttribute("aria-activedescendant", option.id);
    input.setAttribute("aria-controls", option.closest("[role=listbox]").id || "palette-options");
    option.scrollIntoView({ block: "nearest" });
  } else {
    input.removeAttribute("aria-activedescendant");
  }
}

const chosen = () => palette.querySelector("[role=option][aria-selected=true]");

function step(by) {
  const all = options();
  if (!all.length) return;
  const place = all.indexOf(chosen());
  choose(all[(place + by + all.length) % all.length] ?? all[0]);
}

function open() {
  if (!palette || palette.open) return;
  palette.showModal();
  input.select();
  showRecent();
  input.dispatchEvent(new Event("palette-open"));
}

input?.addEventListener("input", showRecent);

// Who begins to type in the field above every page goes on in the palette.
const above = document.getElementById("search");
above?.addEventListener("input", () => {
  if (!palette || !above.value) return;
  input.value = above.value;
  above.value = "";
  open();
  input.setSelectionRange(input.value.length, input.value.length);
});

input?.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    step(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter" && chosen()) {
    event.preventDefault();
    chosen().click();
  }
});

palette?.addEventListener("htmx:afterSettle", () => {
  // What one types for is what Enter opens; with nothing typed, nothing is meant yet.
  choose(input.value.trim() ? options()[0] : null);
  // What stands outside of an open dialog is not read out, so it has a voice of its own.
  palette.querySelector("[role=status]").textContent = document.getElementById("palette-options").dataset.count;
});

document.addEventListener("submit", ({ target }) => {
  if (target.matches?.("[data-signs-out]")) localStorage.removeItem(key);
});

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "k") return;
  event.preventDefault();
  if (palette?.open) palette.close();
  else if (!document.querySelector("dialog[open]")) open();
});

remember();

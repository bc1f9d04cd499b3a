/*
Dragging cards of the board. Each card's menu does the same without a pointer, and without scripts;
what moves is decided by the server alone, which answers with the whole board as it is then.

  .board[data-next]                        the address that the answer shows
  .board-column[data-stage][data-following]  a stage; the first of its deals that is not drawn
  .deal-card[data-deal][data-version][data-move]   a card that this person may move
*/

let dragged = null;
let moved = "";
const place = document.createElement("li");
place.className = "deal-place";
place.setAttribute("aria-hidden", "true");

const cards = () => document.querySelectorAll(".deal-card[data-move]");

function arm() {
  for (const card of cards()) card.draggable = true;
}

/** The card that one at height `y` would come to lie above; undefined below the last. */
function below(column, y) {
  return [...column.querySelectorAll(".deal-card")].find((card) => {
    const { top, height } = card.getBoundingClientRect();
    return y < top + height / 2;
  });
}

function end() {
  dragged?.classList.remove("is-dragged");
  dragged = null;
  place.remove();
  for (const column of document.querySelectorAll(".board-column.is-over")) column.classList.remove("is-over");
}

document.addEventListener("dragstart", (event) => {
  const card = event.target.closest?.(".deal-card[data-move]");
  if (!card) return;
  dragged = card;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", card.querySelector(".deal-title").textContent);
  event.dataTransfer.setDragImage(card, 16, 16);
  // A frame later, so that the picture under the pointer is not the faded one.
  requestAnimationFrame(() => card.classList.add("is-dragged"));
});

document.addEventListener("dragover", (event) => {
  const column = dragged && event.target.closest?.(".board-column");
  if (!column) return;
  event.preventDefault();
  for (const other of document.querySelectorAll(".board-column")) other.classList.toggle("is-over", other === column);
  column.querySelector(".board-cards").insertBefore(place, below(column, event.clientY) ?? null);
});

document.addEventListener("drop", (event) => {
  const column = dragged && event.target.closest?.(".board-column");
  if (!column) return;
  event.preventDefault();
  const card = dragged;
  const next = below(column, event.clientY);
  end();
  if (next === card || (next ? next.previousElementSibling : column.querySelector(".board-cards").lastElementChild) === card) return;
  send(card, column, next?.dataset.deal ?? column.dataset.following);
});

document.addEventListener("dragend", end);

function send(card, column, above) {
  const values = {
    stage: column.dataset.stage,
    version: card.dataset.version,
    next: document.querySelector(".board").dataset.next,
    ...(above ? { above } : { to: "last" }),
  };
  window.htmx.ajax("POST", card.dataset.move, { target: "#deals", swap: "outerHTML", values });
}

/* --- After a move: the new board, with the focus where it was ----------------------------- */

document.addEventListener("submit", ({ target }) => {
  if (target.matches(".deal-menu form")) moved = target.closest(".deal-card").id;
});

document.addEventListener("htmx:afterSettle", () => {
  arm();
  if (moved) document.querySelector(`#${moved} .deal-menu > summary`)?.focus();
  moved = "";
});

arm();

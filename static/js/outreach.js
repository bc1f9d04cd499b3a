/* What stands in for each reader is put where one was writing last. */

let last = document.querySelector("textarea[name^='body_']");

document.addEventListener("focusin", ({ target }) => {
  if (target.matches("textarea[name^='body_'], input[name^='subject_']")) last = target;
});

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-insert]");
  if (!button || !last) return;
  const code = button.dataset.insert;
  const start = last.selectionStart;
  last.setRangeText(code, start, last.selectionEnd, "end");
  last.focus();
  const gap = code.indexOf("…");
  // The fall-back is what one types next.
  if (gap >= 0) last.setSelectionRange(start + gap, start + gap + 1);
  last.dispatchEvent(new Event("input", { bubbles: true }));
});

/* Days are asked for only where they count. */

const moment = document.querySelector("select[name='moment']");
const days = document.getElementById("div_id_days");
const due = document.getElementById("div_id_due_at");

if (moment && days && due) {
  const follow = () => {
    days.hidden = !["purchase", "contract_end", "quiet"].includes(moment.value);
    due.hidden = moment.value !== "once";
  };
  moment.addEventListener("change", follow);
  follow();
}

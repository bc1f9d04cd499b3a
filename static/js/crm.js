/* Filters that were left empty stay out of the address. */

document.addEventListener("formdata", (event) => {
  if (!event.target.matches("form.filter-form")) return;
  for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
});

/* Tags: the browser's own list of suggestions, for the tag being typed instead of the whole field. */

/** Offer `list`'s names for the tag being typed in `field`. */
function offerTags(field, list) {
  const names = [...list.options].map((option) => option.value);
  const suggest = () => {
    const cut = Math.max(field.value.lastIndexOf(","), field.value.lastIndexOf(";")) + 1;
    const before = cut ? `${field.value.slice(0, cut)} ` : "";
    const has = new Set(field.value.split(/[,;]/).map((name) => name.trim().toLowerCase()));
    list.replaceChildren(
      ...names
        .filter((name) => !has.has(name.toLowerCase()))
        .map((name) => Object.assign(document.createElement("option"), { value: before + name })),
    );
  };
  field.addEventListener("input", suggest);
  suggest();
}

function findTags(within) {
  const field = within.querySelector("input[data-tags]");
  const list = document.getElementById("tag-names");
  if (field && list) offerTags(field, list);
}

findTags(document);
// A field that is edited where it stands comes later.
document.addEventListener("htmx:afterSwap", ({ target }) => findTags(target));

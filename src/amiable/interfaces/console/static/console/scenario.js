/* The scenario editor: cards stay open as they were, and nobody leaves unsaved work by accident. */
"use strict";

(function () {
  const editor = document.getElementById("editor");
  if (!editor) return;
  let dirty = editor.hasAttribute("data-dirty");

  /* A card's state travels with the form, so that it is the same after each turn. */
  editor.addEventListener("toggle", (event) => {
    if (!event.target.matches("details[data-card]")) return;
    const state = event.target.closest("li").querySelector("[data-open-state]");
    state.value = event.target.open ? "yes" : "";
  }, true);

  editor.addEventListener("input", () => { dirty = true; });
  editor.addEventListener("click", (event) => {
    if (event.target.closest("button[name=change]")) dirty = true;
  });
  editor.addEventListener("submit", () => { dirty = false; });
  window.addEventListener("beforeunload", (event) => {
    if (dirty) event.preventDefault();
  });

  /* A link of the timeline opens the card it leads to. */
  editor.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#card-']");
    const card = link && document.getElementById(link.getAttribute("href").slice(1));
    if (!card) return;
    event.preventDefault();
    const details = card.querySelector("details");
    details.open = true;
    card.scrollIntoView({ block: "start" });
    details.querySelector("summary").focus({ preventScroll: true });
  });

  /* A new card brings its first field into view. */
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "steps") return;
    const fresh = event.target.querySelector("summary[autofocus]");
    if (fresh) { fresh.focus({ preventScroll: true }); fresh.scrollIntoView({ block: "center" }); }
  });
})();

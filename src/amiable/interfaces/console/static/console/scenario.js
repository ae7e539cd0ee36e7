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

  /* The cards are drawn anew while one goes on writing: what was typed, ticked or opened since
     they were asked for stays as it is. */
  const steps = document.getElementById("steps");
  const SETTLED_MS = 60; // htmx binds what it has drawn after 20
  let asked = new Map();
  let since = null;

  function fields() {
    return Array.from(steps.querySelectorAll("input[id], input[type=checkbox], select[id]"));
  }

  function nameOf(field) {
    return field.type === "checkbox" ? `${field.name}=${field.value}` : field.id;
  }

  function stateOf(field) {
    return field.type === "checkbox" ? field.checked : field.value;
  }

  function groupsOf(card) {
    return Array.from(card.querySelectorAll("details.field-group"));
  }

  function keyOf(card) {
    return card.querySelector("input[name=step]").value;
  }

  function cards() {
    return Array.from(steps.querySelectorAll(".step-cards > li"));
  }

  /* A button pressed on a card that is being drawn anew is pressed on the new one. */
  let drawing = false;
  const pressed = [];
  steps.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=change]");
    if (button && drawing) pressed.push(button.id);
  }, true);

  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target !== steps) return;
    drawing = true;
    asked = new Map(fields().map((field) => [nameOf(field), stateOf(field)]));
  });

  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.target === steps) drawing = false;
  });

  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== steps) return;
    const changed = fields().filter((field) => asked.get(nameOf(field)) !== stateOf(field));
    since = {
      values: new Map(changed.map((field) => [nameOf(field), stateOf(field)])),
      open: new Map(cards().map((card) => [keyOf(card), groupsOf(card).map((group) => group.open)])),
    };
  });

  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== steps || !since) return;
    cards().forEach((card) => {
      const open = since.open.get(keyOf(card)) || [];
      groupsOf(card).forEach((group, index) => { if (open[index]) group.open = true; });
    });
    const again = [];
    fields().filter((field) => since.values.has(nameOf(field))).forEach((field) => {
      if (field.type === "checkbox") field.checked = since.values.get(nameOf(field));
      else field.value = since.values.get(nameOf(field));
      if (field.hasAttribute("hx-post")) again.push(field);
    });
    const typed = since.values.size > 0;
    since = null;
    // A choice that brings other fields was made on a card that is gone: it is made again, once
    // these cards are bound.
    window.setTimeout(() => {
      const button = document.getElementById(pressed.shift() || "");
      if (button) button.click();
      again.forEach((field) => field.dispatchEvent(new Event("change", { bubbles: true })));
      if (typed && !again.length) editor.dispatchEvent(new Event("input", { bubbles: true }));
    }, SETTLED_MS);
  });

  /* A new card brings its first field into view. */
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "steps") return;
    const fresh = event.target.querySelector("summary[data-fresh]");
    if (fresh) { fresh.focus({ preventScroll: true }); fresh.scrollIntoView({ block: "center" }); }
  });
})();

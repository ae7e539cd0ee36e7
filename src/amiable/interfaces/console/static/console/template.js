/* The editor of a text: values inserted where one writes, problems reached by their line, Ctrl+S. */
"use strict";

(function () {
  const form = document.getElementById("text-form");
  if (!form) return;
  const body = document.getElementById("text-body"), subject = document.getElementById("text-subject");
  let dirty = form.hasAttribute("data-dirty");
  let field = body;

  [body, subject].forEach((each) => each.addEventListener("focus", () => { field = each; }));
  form.addEventListener("input", (event) => { if (event.target === body || event.target === subject) dirty = true; });
  form.addEventListener("submit", () => { dirty = false; });
  window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });

  /* Typed rather than set, so that undo takes it back. */
  function put(text) {
    field.focus();
    if (!document.execCommand("insertText", false, text)) {
      field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  function around(before, after) {
    const chosen = field.value.slice(field.selectionStart, field.selectionEnd);
    put(before + (chosen || "…") + after);
  }

  /* A block stands alone: no more empty lines around it than it needs. */
  function inserted(text) {
    if (!text.startsWith("\n")) return text;
    if (field !== body) field = body;
    const ahead = body.value.slice(0, body.selectionStart), behind = body.value.slice(body.selectionEnd);
    const lead = ahead === "" || ahead.endsWith("\n\n") ? "" : ahead.endsWith("\n") ? "\n" : "\n\n";
    const trail = behind === "" || behind.startsWith("\n\n") ? "" : behind.startsWith("\n") ? "\n" : "\n\n";
    return lead + text.trim() + trail;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.insert !== undefined) put(inserted(button.dataset.insert));
    else if (button.dataset.before !== undefined) around(button.dataset.before, button.dataset.after);
    else if (button.dataset.line !== undefined) goTo(Number(button.dataset.line));
  });

  function goTo(line) {
    const lines = body.value.split("\n");
    const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    body.focus();
    body.setSelectionRange(start, start + (lines[line - 1] || "").length);
    body.scrollTop = (body.scrollHeight / Math.max(lines.length, 1)) * Math.max(line - 4, 0);
  }

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      const save = form.querySelector("[data-save]");
      if (!save) return;
      event.preventDefault();
      form.requestSubmit(save);
    }
  });

  /* The search of a real case presses Enter to search, not to save. */
  const search = document.getElementById("text-search");
  if (search) search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });

  const filter = document.querySelector("[data-filter]");
  if (filter) {
    const plain = (text) => text.normalize("NFD").replace(/\p{Mn}/gu, "").toLowerCase();
    filter.addEventListener("input", () => {
      const words = plain(filter.value).split(/\s+/).filter(Boolean);
      document.querySelectorAll("#field-list [data-words]").forEach((each) => {
        each.hidden = !words.every((word) => plain(each.dataset.words).includes(word));
      });
      document.querySelectorAll("#field-list [data-group]").forEach((group) => {
        group.hidden = !group.querySelector("[data-words]:not([hidden])");
      });
    });
    filter.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      const first = document.querySelector("#field-list [data-words]:not([hidden]) button");
      if (first) first.click();
    });
  }

  /* An email is shown in a frame from an address of its own: the form beside it asks for it. */
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "text-preview") event.target.querySelectorAll("form[data-frame]").forEach((each) => each.requestSubmit());
  });
})();

/* Answers and calls from the keyboard: a letter validates, or opens what needs more; Enter takes the
   first, j and k move, Escape closes. */
"use strict";

(function () {
  let leaving = false;

  /* One key validates, unless something is missing or to be agreed: then the field is shown. */
  function validate(form) {
    const box = form.querySelector("details");
    if (box && form.hasAttribute("data-opens") && !box.open) {
      box.open = true;
      form.querySelector("[data-first-field]").focus();
      return;
    }
    if (!form.checkValidity()) {
      if (box) box.open = true;
      form.reportValidity();
      return;
    }
    leaving = true;
    form.requestSubmit();
  }

  function follow(selector) {
    const link = document.querySelector(selector);
    if (!link) return;
    leaving = true;
    link.click();
  }

  document.addEventListener("keydown", (event) => {
    if (leaving || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      const form = event.target.closest("form[data-opens]");
      if (form) { form.querySelector("details").open = false; form.querySelector("summary").focus(); }
      return;
    }
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.key === "j") follow("[data-next]");
    else if (event.key === "k") follow("[data-previous]");
    else if (event.key === "Enter" && !event.target.closest("a, button, summary")) {
      const first = document.querySelector("form[data-first]");
      if (first) { event.preventDefault(); validate(first); }
    } else if (/^[a-z]$/.test(event.key)) {
      const form = document.querySelector(`form[data-key="${event.key}"]`);
      const one = document.querySelector(`a[data-key="${event.key}"], button[data-key="${event.key}"]`);
      if (form) { event.preventDefault(); validate(form); }
      else if (one) { event.preventDefault(); leaving = one.type === "submit"; one.click(); }
    }
  });

  window.addEventListener("pageshow", () => { leaving = false; });
})();

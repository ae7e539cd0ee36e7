// Says at once what would be refused after a long upload. The server looks again at everything.
"use strict";
(() => {
  for (const field of document.querySelectorAll("[data-files]")) {
    const told = field.parentElement.querySelector("[data-files-told]");
    const wrong = () => {
      const files = [...field.files];
      return files.length > Number(field.dataset.most) || files.some((file) => file.size > Number(field.dataset.each));
    };
    field.addEventListener("change", () => {
      told.hidden = !wrong();
      told.textContent = wrong() ? field.dataset.told : "";
    });
    field.form.addEventListener("submit", (event) => {
      if (!wrong()) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      field.focus();
    }, true);
  }
})();

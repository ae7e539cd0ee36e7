// Comfort only: the page does everything without it. Copies, counts without a reload, sends a form once.
"use strict";
(() => {
  const body = document.body;

  // Copy buttons: shown only where the browser can.
  const arm = (root) => {
    if (!navigator.clipboard) return;
    for (const button of root.querySelectorAll("[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(button.dataset.copy);
        const word = button.querySelector("[data-word]"), said = word.textContent;
        if (button.dataset.done) return;
        word.textContent = body.dataset.copied;
        button.dataset.done = "1";
        setTimeout(() => { word.textContent = said; delete button.dataset.done; }, 2500);
      });
    }
  };
  arm(document);

  // Ticking an invoice counts at once: the same address as the button, its panel taken over.
  const choice = document.querySelector("[data-choice]");
  if (choice && window.fetch && window.DOMParser) {
    choice.querySelector("[data-without-script]").hidden = true;
    let last = 0;
    choice.addEventListener("change", async () => {
      const turn = ++last;
      const query = new URLSearchParams(new FormData(choice));
      const address = `${choice.action.split("#")[0].split("?")[0]}?${query}`;
      const answer = await fetch(address).catch(() => null);
      if (turn !== last) return;
      if (!answer || !answer.ok) { choice.submit(); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const panel = document.getElementById("pay"), counted = page.getElementById("pay");
      if (turn !== last || !counted) return;
      panel.replaceChildren(...counted.childNodes);
      arm(panel);
      const language = document.querySelector(".language");
      query.set("lang", language.hreflang);
      language.setAttribute("href", `?${query}`);
    });
  }

  // A day of one's own chooses its own line; a form leaves once; problems are read first.
  for (const field of document.querySelectorAll("[data-picks]")) {
    const pick = () => { field.closest("label").querySelector("input[type=radio]").checked = true; };
    field.addEventListener("input", pick);
    field.addEventListener("focus", pick);
  }
  for (const form of document.querySelectorAll("[data-once]")) {
    form.addEventListener("submit", () => {
      const button = form.querySelector("button[type=submit]");
      setTimeout(() => { button.disabled = true; }, 0);
    });
  }
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) for (const button of document.querySelectorAll("[data-once] button")) button.disabled = false;
  });
  const problems = document.querySelector("[data-focus]");
  if (problems) problems.focus();

  // Somebody touches the page and stays a moment: what only fetches the links of a mail does not.
  const touched = () => {
    for (const name of ["pointerdown", "keydown", "touchstart"]) removeEventListener(name, touched);
    setTimeout(() => fetch(body.dataset.used, {
      method: "POST", keepalive: true, body: new URLSearchParams({ ticket: body.dataset.ticket }),
    }).catch(() => {}), 1000);
  };
  for (const name of ["pointerdown", "keydown", "touchstart"]) addEventListener(name, touched, { passive: true });
})();

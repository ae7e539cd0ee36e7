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

  // A choice of a number becomes a slider over it; the choice itself stays what is sent.
  for (const select of document.querySelectorAll("[data-slider]")) {
    if (select.options.length < 2) continue;
    const range = document.createElement("input"), said = document.createElement("output");
    const tell = () => {
      said.textContent = select.selectedOptions[0].textContent;
      range.setAttribute("aria-valuetext", said.textContent);
    };
    Object.assign(range, { type: "range", min: 0, max: select.options.length - 1, step: 1, value: select.selectedIndex });
    range.id = `${select.id}-range`;
    said.className = "slid";
    said.htmlFor = range.id;
    select.labels[0].htmlFor = range.id;
    range.addEventListener("input", () => {
      select.selectedIndex = range.value;
      tell();
    });
    select.after(said, range);
    select.hidden = true;
    tell();
  }

  // Ticking an invoice, or choosing, counts at once: the same address as the button, its panel
  // taken over.
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
      const name = choice.dataset.choice || "pay";
      const panel = document.getElementById(name), counted = page.getElementById(name);
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
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-once]")) return;
    const button = event.target.querySelector("button[type=submit]");
    setTimeout(() => { button.disabled = true; }, 0);
  });
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

/* Behaviour of the console: toasts, shortcuts, lists worked from the keyboard, uploads. */
"use strict";

(function () {
  const TOAST_MS = 9000;

  /* Toasts go by themselves, unless one is being read or reached; what went wrong stays. */
  function watchToast(toast) {
    if (toast.matches(".is-error")) return;
    let timer = window.setTimeout(() => toast.remove(), TOAST_MS);
    const keep = () => window.clearTimeout(timer);
    const restart = () => { keep(); timer = window.setTimeout(() => toast.remove(), TOAST_MS); };
    toast.addEventListener("mouseenter", keep);
    toast.addEventListener("focusin", keep);
    toast.addEventListener("mouseleave", restart);
    toast.addEventListener("focusout", restart);
  }

  function isTyping(element) {
    return element.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null;
  }

  /* The tab one stands on, where tabs are wider than the screen. */
  document.querySelectorAll(".tabs .is-on").forEach((tab) => {
    tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.offsetLeft - 16;
  });

  /* A list worked from the keyboard: j and k move, x ticks, Enter opens, a approves. */
  function rowsOf(list) {
    return Array.from(list.querySelectorAll("[data-row]"));
  }

  function moveTo(list, step) {
    const rows = rowsOf(list);
    if (!rows.length) return;
    const now = rows.findIndex((row) => row.classList.contains("is-current"));
    const next = Math.min(Math.max(now + step, 0), rows.length - 1);
    rows.forEach((row, index) => {
      row.classList.toggle("is-current", index === next);
      if (index === next) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    });
    rows[next].scrollIntoView({ block: "nearest" });
    const focusable = rows[next].querySelector("input[type=checkbox], a, button");
    if (focusable) focusable.focus({ preventScroll: true });
  }

  function current(list) {
    return list.querySelector("[data-row].is-current");
  }

  function tick(row) {
    const box = row && row.querySelector("input[type=checkbox]");
    if (!box) return;
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function approve(list) {
    const form = list.closest("form") || list.querySelector("form");
    const button = form && form.querySelector("[data-approve]");
    if (!button) return;
    const row = current(list);
    const box = row && row.querySelector("input[type=checkbox]");
    if (box && !form.querySelector("input[name=action]:checked, input[name=line]:checked")) tick(row);
    if (!button.disabled) form.requestSubmit(button);
  }

  function open(list) {
    const link = current(list) && current(list).querySelector("a[data-open]");
    if (link) link.click();
  }

  function press(list, selector) {
    const button = current(list) && current(list).querySelector(selector);
    if (button) button.click();
  }

  const KEYS = {
    j: (list) => moveTo(list, 1),
    k: (list) => moveTo(list, -1),
    x: (list) => tick(current(list)),
    a: approve,
    v: (list) => press(list, "[data-confirm]"),
    r: (list) => press(list, "[data-refuse]"),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target)) return;
    if (event.key === "/") {
      const search = document.querySelector("[data-shortcut='/']");
      if (search) { event.preventDefault(); search.focus(); }
      return;
    }
    const list = document.querySelector("[data-keyboard-list]");
    if (!list) return;
    if (event.key === "Enter" && event.target.matches("input[type=checkbox], body")) {
      event.preventDefault();
      open(list);
    } else if (KEYS[event.key]) {
      event.preventDefault();
      KEYS[event.key](list);
    }
  });

  /* Batch forms: "all" box, and buttons that say how many they concern. */
  function refreshBatch(form) {
    const boxes = Array.from(form.querySelectorAll("input[data-batch]"));
    const count = boxes.filter((box) => box.checked).length;
    form.querySelectorAll("[data-needs-selection]").forEach((button) => { button.disabled = count === 0; });
    form.querySelectorAll("[data-selected-count]").forEach((span) => { span.textContent = String(count); });
    const all = form.querySelector("input[data-all]");
    if (all) {
      all.checked = boxes.length > 0 && count === boxes.length;
      all.indeterminate = count > 0 && count < boxes.length;
    }
  }

  /* What is ticked of a payment, and what that leaves. */
  function refreshSum(form) {
    const told = form.querySelector("[data-sum]");
    const boxes = Array.from(form.querySelectorAll("input[data-minor]:checked"));
    const ticked = boxes.reduce((sum, box) => sum + Number(box.dataset.minor), 0);
    const left = Number(form.dataset.available) - ticked;
    const style = { style: "currency", currency: form.dataset.currency };
    const money = new Intl.NumberFormat(document.documentElement.lang || "en", style);
    const say = (minor) => money.format(minor / 10 ** money.resolvedOptions().maximumFractionDigits);
    told.hidden = boxes.length === 0;
    told.querySelector("[data-sum-ticked]").textContent = say(ticked);
    for (const [name, shown] of [["left", left >= 0], ["short", left < 0]]) {
      const part = told.querySelector(`[data-sum-${name}]`);
      part.hidden = !shown;
      part.querySelector("strong").textContent = say(Math.abs(left));
    }
  }

  /* A line shared over several customers: what is written beside its items, and what is left. */
  function minorOf(text, digits) {
    const written = text.replace(/[^0-9.,]/g, "").replace(/[.,](?=.*[.,])/g, "").replace(",", ".");
    return Math.round(Number(written || 0) * 10 ** digits);
  }

  function refreshShare(form) {
    const style = { style: "currency", currency: form.dataset.currency };
    const money = new Intl.NumberFormat(document.documentElement.lang || "en", style);
    const digits = money.resolvedOptions().maximumFractionDigits;
    const say = (minor) => money.format(minor / 10 ** digits);
    let total = 0;
    form.querySelectorAll("[data-share-amount]").forEach((field) => { total += minorOf(field.value, digits); });
    const left = Number(form.dataset.available) - total;
    form.querySelector("[data-share-total]").textContent = say(total);
    form.querySelector("[data-share-rest]").textContent = say(Math.abs(left));
    form.querySelector("[data-share-left]").hidden = left < 0;
    form.querySelector("[data-share-over]").hidden = left >= 0;
  }

  function tickShare(box) {
    const field = box.closest("li").querySelector("[data-share-amount]");
    field.value = box.checked ? field.value || field.dataset.open : "";
  }

  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-share-amount]")) return;
    event.target.closest("li").querySelector("[data-share-tick]").checked = event.target.value.trim() !== "";
    refreshShare(event.target.closest("form"));
  });

  /* Enter in a field of that page looks again, and never shares unasked. */
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("[data-share-search], [data-share-amount]")) return;
    event.preventDefault();
    const form = event.target.closest("form");
    form.requestSubmit(form.querySelector("[data-share-look]"));
  });

  document.addEventListener("change", (event) => {
    const target = event.target;
    const form = target.closest("form");
    if (target.matches("[data-share-tick]")) { tickShare(target); refreshShare(form); }
    if (form && form.matches("[data-sum-form]")) refreshSum(form);
    if (form && target.matches("input[data-all]")) {
      form.querySelectorAll("input[data-batch]").forEach((box) => { box.checked = target.checked; });
    }
    if (form && form.matches("[data-batch-form]")) refreshBatch(form);
    if (target.matches("[data-submit-on-change]") && form) form.requestSubmit();
    if (target.matches("[data-drop] input[type=file]")) showFiles(target);
  });

  document.addEventListener("click", (event) => {
    const close = event.target.closest("[data-toast-close]");
    if (close) close.closest("[data-toast]").remove();
  });

  /* Drag and drop onto a file field; the field itself stays usable without it. */
  function showFiles(input) {
    const zone = input.closest("[data-drop]");
    zone.classList.toggle("has-file", input.files.length > 0);
  }

  document.querySelectorAll("[data-drop]").forEach((zone) => {
    const input = zone.querySelector("input[type=file]");
    ["dragenter", "dragover"].forEach((name) => zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    }));
    ["dragleave", "drop"].forEach((name) => zone.addEventListener(name, () => zone.classList.remove("is-over")));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      if (!event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      showFiles(input);
    });
  });

  /* A change that is refused comes back as a page with an error: what was typed is put back. */
  const KEPT = "refused-form";
  const fieldsOf = (form) => [...form.elements].filter((each) => each.name && !["hidden", "file", "submit", "button"].includes(each.type));
  const twins = (action) => [...document.querySelectorAll("main form")].filter((each) => each.getAttribute("action") === action);

  document.addEventListener("submit", (event) => {
    const form = event.target, action = form.getAttribute("action");
    if (form.method !== "post" || !action || !form.closest("main") || form.matches("[hx-post]") || form.querySelector("[type=password], [data-submit-on-change]")) return;
    const values = fieldsOf(form).map((each) => (/checkbox|radio/.test(each.type) ? each.checked : each.value));
    sessionStorage.setItem(KEPT, JSON.stringify({ page: location.pathname, action, place: twins(action).indexOf(form), values }));
  });

  (function putBack() {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
    sessionStorage.removeItem(KEPT);
    if (!kept || kept.page !== location.pathname || !document.querySelector(".toast-note.is-error")) return;
    const form = twins(kept.action)[kept.place];
    if (!form || fieldsOf(form).length !== kept.values.length) return;
    for (let box = form.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    fieldsOf(form).forEach((each, index) => {
      if (/checkbox|radio/.test(each.type)) each.checked = kept.values[index]; else each.value = kept.values[index];
      each.dispatchEvent(new Event("change", { bubbles: true }));
    });
  })();

  /* Copy buttons name the field they copy; they are shown only where the browser can. */
  if (navigator.clipboard) {
    for (const button of document.querySelectorAll("[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
        button.querySelector("span").textContent = button.dataset.copied;
      });
    }
  }

  document.querySelectorAll("[data-toast]").forEach(watchToast);
  document.querySelectorAll("[data-batch-form]").forEach(refreshBatch);
  document.querySelectorAll("[data-sum-form]").forEach(refreshSum);
})();

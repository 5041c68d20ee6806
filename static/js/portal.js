// Makes the pages quicker to use. Every page works without it.
(() => {
  const each = (root, selector, act) => {
    if (root.matches && root.matches(selector)) act(root);
    root.querySelectorAll(selector).forEach(act);
  };

  // What only works with scripts shows itself only now, also in what htmx brings in.
  const wake = (root) => {
    each(root, "[data-copy]", (button) => { button.hidden = !navigator.clipboard; });
    each(root, "[data-print]", (button) => { button.hidden = false; });
    each(root, "[data-focus]", (summary) => summary.focus());
  };

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      return; // The browser refused; the id stands there to be marked by hand.
    }
    const words = button.querySelector("[aria-live]");
    const before = words.textContent;
    button.classList.add("copied");
    words.textContent = button.dataset.copied;
    setTimeout(() => {
      button.classList.remove("copied");
      words.textContent = before;
    }, 1600);
  };

  const closeMenus = (except) => {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (menu !== except) menu.open = false;
    });
  };

  document.addEventListener("click", (event) => {
    const target = event.target;
    if (!(target instanceof Element)) return;
    closeMenus(target.closest("details.menu"));
    const copier = target.closest("[data-copy]");
    if (copier) copy(copier);
    if (target.closest("[data-print]")) window.print();
  });

  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  // A second press of the button that sends a form does nothing. The buttons stay enabled, so that the value
  // of the pressed one is sent; the server answers a double submit like the first all the same.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "true";
    if (event.submitter) event.submitter.classList.add("is-sent");
  });

  // Back from the browser's memory, a form may be sent again.
  window.addEventListener("pageshow", () => {
    each(document, "form[data-sent]", (form) => { delete form.dataset.sent; });
    each(document, ".is-sent", (button) => button.classList.remove("is-sent"));
  });

  // What a page is only a step on the way to.
  each(document, "form[data-send]", (form) => form.requestSubmit());

  document.addEventListener("htmx:load", (event) => wake(event.detail.elt));
  wake(document);
})();

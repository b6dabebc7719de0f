// Keys: "/" searches, "g" and a letter goes (the letters are in the navigation), "?" shows them all.

const CHORD = 1500;

const isTyping = (element) => element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);

export function watchKeys() {
  const help = document.getElementById("keys");
  const find = document.getElementById("find");
  let goUntil = 0;

  document.querySelectorAll("[data-keys]").forEach((button) => {
    button.addEventListener("click", () => help?.showModal());
  });

  // The narrow page's menu closes when the reader goes on elsewhere.
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (document.activeElement === find) find.blur();
      document.querySelectorAll("details.menu[open]").forEach((menu) => (menu.open = false));
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (performance.now() < goUntil) {
      goUntil = 0;
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) location.assign(link.href);
      return;
    }
    if (event.key === "/" && find) {
      event.preventDefault();
      find.focus();
      find.select();
    } else if (event.key === "g") {
      goUntil = performance.now() + CHORD;
    } else if (event.key === "?") {
      help?.showModal();
    } else if (event.key === "e") {
      document.querySelector("[data-output-follow]:not([hidden])")?.click();
    }
  });
}

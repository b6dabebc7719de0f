// Copy buttons: the whole value, wherever the page shows a short one.

const SAID = 1500;

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Plain HTTP on another host than localhost has no clipboard interface; a marked field still copies.
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "visually-hidden";
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}

export function watchCopyButtons() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await write(button.dataset.copy);
    const use = button.querySelector("use");
    const label = button.getAttribute("aria-label");
    use?.setAttribute("href", "#i-good");
    button.setAttribute("aria-label", "Copied");
    setTimeout(() => {
      use?.setAttribute("href", "#i-copy");
      if (label) button.setAttribute("aria-label", label);
    }, SAID);
  });
}

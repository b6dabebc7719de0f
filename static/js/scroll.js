// What scrolls in itself can be reached by keyboard: only while it does, a stop for nothing would be in the way.

/** Takes away what this module gave to a box. */
export const forget = (box) => ["tabindex", "role", "aria-label"].forEach((name) => box.removeAttribute(name));

function look() {
  document.querySelectorAll(".scroll").forEach((box) => {
    const sideways = box.scrollWidth > box.clientWidth;
    const scrolls = sideways || box.scrollHeight > box.clientHeight;
    if (scrolls === box.hasAttribute("tabindex")) return;
    if (scrolls) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", `${box.closest(".card")?.querySelector("h2")?.textContent || "Table"}, scrolls ${sideways ? "sideways" : "down"}`);
    } else {
      forget(box);
    }
  });
}

export function watchScrolling() {
  look();
  addEventListener("resize", look);
  document.addEventListener("toggle", look, true); // a fold that opens may hold a box, or make one narrower
  document.body.addEventListener("htmx:afterSettle", look);
}

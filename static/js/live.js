// Live pages. The server only rings ("run:… changed"); the page then reads itself again through htmx and swaps
// the regions that differ (templates/components/live.html names them). One socket serves the whole page.

import { forget } from "./scroll.js";
import { keepSocket, sayState } from "./socket.js";
import { say } from "./time.js";

const GATHER = 150; // a change often rings several times; one reading answers all
const WORDS = { live: "Live", reconnecting: "Reconnecting…" };
const LOOK_ANYWAY = 20_000; // doorbells may be lost (Redis down): look by ourselves, slowly

/** What a region says, without what the page itself adds or what differs in every answer. */
function essence(element) {
  const copy = element.cloneNode(true);
  copy.querySelectorAll("time[data-ticks]").forEach((time) => (time.textContent = ""));
  copy.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((field) => field.setAttribute("value", ""));
  copy.querySelectorAll("details").forEach((details) => details.removeAttribute("open"));
  copy.querySelectorAll(".scroll").forEach(forget);
  copy.querySelectorAll("[class*=htmx-]").forEach((node) => {
    node.classList.remove("htmx-settling", "htmx-added", "htmx-swapping");
  });
  return copy.innerHTML;
}

/** Carries over what the reader did to the old region: opened details, typed text, what was scrolled. */
function carryOver(from, to) {
  from.querySelectorAll("details[id]").forEach((details) => {
    const fresh = to.querySelector(`#${CSS.escape(details.id)}`);
    if (fresh) fresh.open = details.open;
  });
  from.querySelectorAll("input[id], textarea[id], select[id]").forEach((field) => {
    const fresh = to.querySelector(`#${CSS.escape(field.id)}`);
    if (fresh && field.value !== field.defaultValue) fresh.value = field.value;
    if (fresh && field.type === "checkbox") fresh.checked = field.checked;
  });
  const scrolled = [...from.querySelectorAll(".scroll")].map((box) => [box.scrollLeft, box.scrollTop]);
  const boxes = [...to.querySelectorAll(".scroll")];
  requestAnimationFrame(() => boxes.forEach((box, index) => box.scrollTo(...(scrolled[index] || [0, 0]))));
}

/** What is read out when it has changed: the title and the state beside it. The log itself would be too much. */
const announced = (element) =>
  [...element.querySelectorAll("[data-announce] > *")].map((part) => part.textContent.trim()).join(", ");

/** Whether the reader has marked text in the region: then it waits, and is read again later. */
function isSelected(element) {
  const selection = getSelection();
  return Boolean(selection && !selection.isCollapsed && element.contains(selection.anchorNode));
}

export function watchTopics() {
  const source = document.querySelector("[data-live-topics]");
  if (!source) return;

  let gathering;
  let postponed = false;
  const refresh = () => {
    // Counted from the first ring: one that put it off would be put off for ever by what rings all the time.
    gathering ??= setTimeout(() => {
      gathering = undefined;
      source.dispatchEvent(new CustomEvent("live"));
    }, GATHER);
  };

  document.body.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    const fresh = fragment.firstElementChild;
    if (!fresh || essence(target) === essence(fresh)) {
      event.detail.shouldSwap = false;
    } else if (isSelected(target)) {
      event.detail.shouldSwap = false;
      postponed = true;
    } else {
      carryOver(target, fresh);
      const words = announced(fresh);
      if (words !== announced(target)) document.getElementById("announced").textContent = words;
    }
  });
  // A region that this page does not have (yet) is no error.
  document.body.addEventListener("htmx:afterSettle", say);
  document.addEventListener("selectionchange", () => {
    if (postponed && getSelection().isCollapsed) {
      postponed = false;
      refresh();
    }
  });
  // Signed out, or the thing is gone: load the page, which then says so in words.
  document.body.addEventListener("htmx:responseError", (event) => {
    // Only where the page itself cannot be read: a part of it that fails at every load would reload it for ever.
    if (event.detail.elt === source && [401, 403, 404].includes(event.detail.xhr.status)) location.reload();
  });

  let wasAway = false;
  const query = source.dataset.liveTopics.split(" ").map((topic) => `topic=${encodeURIComponent(topic)}`);
  keepSocket(() => `/ws/live?${query.join("&")}`, {
    message: refresh,
    state: (name, ending) => {
      sayState(source, name, ending || WORDS[name]);
      if (name === "live" && wasAway) refresh(); // whatever rang meanwhile was not heard
      wasAway = name !== "live";
    },
  });
  setInterval(() => document.hidden || refresh(), LOOK_ANYWAY);
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
}

// Polls the sandbox's state, draws what has changed, and sends what is ordered. All of it through /_sandbox/.

import { FIELDS, NUMBERS, age, clockText, drawAlarms, drawFaults, drawOneOff, drawServices, drawTraffic, el } from "./draw.js";

const POLL = 1000; // milliseconds
const MESSAGE = 6000;
const byId = (id) => document.getElementById(id);
const drawn = new Map(); // id of a part -> the data that it shows, as text
const opened = new Set(); // keys of the details that the reader has opened
let state = null;

// ---- asking

async function ask(method, path, body) {
  const response = await fetch(path, {
    method, headers: body ? { "Content-Type": "application/json" } : {}, body: body ? JSON.stringify(body) : undefined,
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? `the sandbox answered ${response.status}`);
  return answer;
}

async function refresh() {
  try {
    state = await ask("GET", "state");
    byId("link").className = "link on";
    say("link", "Live: refreshed every second.");
    draw();
  } catch {
    byId("link").className = "link off";
    say("link", "The sandbox does not answer. What is shown may be old; this page goes on asking.");
  }
}

async function poll() {
  if (!document.hidden) await refresh();
  setTimeout(poll, POLL);
}

async function carryOut(done, method, path, body) {
  try {
    await ask(method, path, body);
    tell(done);
  } catch (error) {
    tell(`Not done: ${error.message}`);
  }
  await refresh();
}

let fading;
function tell(text) {
  byId("message").textContent = text;
  clearTimeout(fading);
  fading = setTimeout(() => { byId("message").textContent = ""; }, MESSAGE);
}

function say(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

// ---- drawing

function draw() {
  const find = byId("find").value;
  part("services", [state.services, find], () => drawServices(state, find));
  part("one-off", state.one_off_tasks, () => drawOneOff(state));
  part("traffic", state.listeners, () => drawTraffic(state));
  part("alarms", state.alarms, () => drawAlarms(state));
  part("faults", state.faults, () => drawFaults(state));
  byId("clock").textContent = clockText(state.clock);
  if (document.activeElement !== byId("scale")) byId("scale").value = state.clock.scale;
  if (!byId("kind").options.length) offerKinds();
  document.querySelectorAll("time[data-age]").forEach((time) => { time.textContent = age(time.dataset.age); });
}

/** Draw a part anew if its data changed; what was open stays open, what had the focus keeps it. */
function part(id, data, make) {
  const text = JSON.stringify(data);
  if (drawn.get(id) === text) return;
  drawn.set(id, text);
  const place = byId(id);
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  place.replaceChildren(...make());
  place.querySelectorAll("details").forEach((each) => { each.open = opened.has(each.dataset.key); });
  if (focused) [...place.querySelectorAll("[data-key]")].find((each) => each.dataset.key === focused)?.focus();
}

document.addEventListener("toggle", (event) => {
  const { key } = event.target.dataset;
  if (key) opened[event.target.open ? "add" : "delete"](key);
}, true);

// ---- ordering

function offerKinds() {
  byId("kind").append(...Object.keys(state.kinds).map((kind) => el("option", { value: kind }, kind)));
  offerFields();
}

function offerFields() {
  const kind = byId("kind").value;
  byId("kind-means").textContent = state.kinds[kind] ?? "";
  byId("fault-fields").replaceChildren(...Object.entries(FIELDS[kind] ?? {}).map(([name, [label, without]]) => {
    const given = choices(kind, name);
    const type = NUMBERS.includes(name) ? { type: "number", step: "any", min: 0 } : { type: "text", autocomplete: "off" };
    const common = { name, required: without === "needed", list: given.length ? `known-${name}` : undefined };
    return el("label", {}, label, el("input", { ...type, ...common, placeholder: without }),
      given.length ? el("datalist", { id: `known-${name}` }, given.map((value) => el("option", { value }))) : null);
  }));
}

function choices(kind, name) {
  const tasks = ["kill-tasks", "spot-interruption"].includes(kind);
  if (name === "alarm") return state.alarms.map((each) => each.name);
  if (name === "zone") return state.zones;
  if (name === "cluster") return [...new Set(state.services.map((each) => each.cluster))];
  if (name === "service" && tasks) return state.services.map((each) => each.name);
  return [];
}

byId("kind").addEventListener("change", offerFields);
byId("find").addEventListener("input", () => { if (state) draw(); });

byId("fault-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const fault = { kind: byId("kind").value };
  for (const [name, value] of new FormData(event.target)) {
    if (value.trim()) fault[name] = NUMBERS.includes(name) ? Number(value) : value.trim();
  }
  carryOut("The fault is ordered.", "POST", "faults", fault);
});

byId("scale-form").addEventListener("submit", (event) => {
  event.preventDefault();
  byId("scale").blur();
  carryOut("The clock's pace is set.", "POST", "clock", { scale: Number(byId("scale").value) });
});

document.addEventListener("click", (event) => {
  const { fault, back, advance } = event.target.closest("button")?.dataset ?? {};
  if (fault) carryOut("Ordered.", "POST", "faults", JSON.parse(fault));
  if (back) carryOut("The fault is taken back.", "DELETE", `faults?id=${encodeURIComponent(back)}`);
  if (advance) carryOut("The clock is moved forward.", "POST", "clock", { advance: Number(advance) });
});

document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
poll();

// From the sandbox's state to elements. Nothing here asks the network; what a button orders is in its dataset.

export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") made.className = value;
    else if (name === "data") Object.assign(made.dataset, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

const pill = (text, tone) => el("span", { class: `pill ${tone}` }, text);
const since = (at) => (at ? el("time", { datetime: at, data: { age: at } }, age(at)) : "");
const many = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;

export function age(at) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(at)) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

const words = (constant) => constant.toLowerCase().replaceAll("_", " ");

function order(text, name, fault, key) {
  return el("button", { type: "button", "aria-label": name, data: { key, fault: JSON.stringify(fault) } }, text);
}

const empty = (text, ...code) => el("div", { class: "empty" }, el("p", {}, text), ...code.map((line) => el("code", {}, line)));

// ---- services and tasks

const DEPLOYMENT_TONES = { SUCCESSFUL: "good", IN_PROGRESS: "work", PENDING: "work", STOPPED: "bad",
  ROLLBACK_FAILED: "bad", ROLLBACK_SUCCESSFUL: "ask", ROLLBACK_IN_PROGRESS: "ask", ROLLBACK_REQUESTED: "ask",
  STOP_REQUESTED: "ask" };

export function drawServices(state, find) {
  if (!state.services.length) {
    return [empty("No ECS service runs here yet. A client of AWS makes one; point any of them at this sandbox:",
      `export AWS_ENDPOINT_URL=${location.origin}`, "export AWS_ACCESS_KEY_ID=slipway AWS_SECRET_ACCESS_KEY=slipway",
      "aws ecs create-cluster --cluster-name shop")];
  }
  const wanted = find.trim().toLowerCase();
  const shown = state.services.filter((each) => `${each.cluster} ${each.name}`.toLowerCase().includes(wanted));
  if (!shown.length) return [empty(`No service's name has “${find}” in it.`)];
  return shown.map(service);
}

function service(each) {
  const key = `${each.region}/${each.cluster}/${each.name}`;
  const whole = each.running >= each.desired && !each.pending;
  const scaling = each.scaling ? `, scales between ${each.scaling.min} and ${each.scaling.max}` : "";
  return el("article", { class: "card", "aria-label": `Service ${each.name}` },
    el("div", { class: "head" },
      el("h3", {}, each.name),
      el("span", { class: "two" }, `${each.cluster}, ${each.region}`),
      pill(`${each.running} of ${each.desired} running`, whole ? "good" : "work"),
      each.pending ? pill(`${each.pending} starting`, "work") : null,
      each.status === "ACTIVE" ? null : pill(words(each.status), "ask"),
      el("span", { class: "end" }, each.running
        ? order("Kill a task", `Kill a task of ${each.name}`,
          { kind: "kill-tasks", cluster: each.cluster, service: each.name, times: 1 }, `kill ${key}`) : null)),
    scaling ? el("p", { class: "two" }, `Application Auto Scaling${scaling}.`) : null,
    each.deployment ? deployment(each.deployment) : null,
    tasks(each, key),
    events(each, key));
}

function deployment(each) {
  const bits = [`${words(each.strategy)} deployment of ${each.definition ?? "its first revision"}`];
  if (each.weight !== null && each.live) bits.push(`${each.weight} % of the traffic`);
  if (each.live) bits.push(`${each.new_tasks} new and ${each.old_tasks} old tasks`);
  if (each.live && each.threshold !== null && each.failures) bits.push(`${each.failures} of ${each.threshold} failures until it is taken back`);
  return el("div", {},
    el("p", { class: "head" }, pill(words(each.status), DEPLOYMENT_TONES[each.status] ?? ""),
      el("span", {}, bits.join(", ")), el("span", { class: "two" }, since(each.finished ?? each.started))),
    each.reason && !["SUCCESSFUL"].includes(each.status) ? el("p", { class: "two" }, each.reason) : null,
    each.live && each.stages.length ? stages(each) : null);
}

function stages(each) {
  return el("ol", { class: "stages", "aria-label": "Stages" }, each.stages.map((stage, at) => el("li", {
    class: at < each.stage ? "done" : undefined, "aria-current": at === each.stage ? "step" : undefined }, words(stage))));
}

const HEALTH_TONES = { healthy: "good", unhealthy: "bad", "not healthy yet": "work" };

function task(each) {
  const tone = each.status === "RUNNING" ? "good" : each.status === "STOPPED" ? "" : "work";
  return el("li", {},
    el("code", {}, each.id.slice(0, 8)),
    pill(each.stopping && each.status !== "STOPPED" ? "stopping" : words(each.status), each.stopping ? "" : tone),
    each.health ? pill(each.health, HEALTH_TONES[each.health]) : null,
    el("span", {}, each.image || each.definition),
    el("span", { class: "two" }, `${each.zone}, ${each.address}`),
    each.exit_code === null ? null : el("span", { class: "two" }, `exit code ${each.exit_code}`),
    each.reason ? el("span", { class: "two" }, each.reason) : null,
    el("span", { class: "two end" }, since(each.since)));
}

function folded(key, title, list) {
  return el("details", { data: { key } }, el("summary", { data: { key: `${key} summary` } }, title), list);
}

function tasks(each, key) {
  if (!each.tasks.length) return el("p", { class: "two" }, each.desired ? "No task yet." : "Scaled to 0: no task runs.");
  const rest = each.more_tasks ? [el("li", { class: "two" }, `and ${each.more_tasks} more`)] : [];
  const title = many(each.tasks.length + each.more_tasks, "task");
  return folded(`tasks ${key}`, title, el("ul", { class: "list" }, [...each.tasks.map(task), ...rest]));
}

function events(each, key) {
  if (!each.events.length) return null;
  return folded(`events ${key}`, "Newest events", el("ul", { class: "list" }, each.events.map((event) =>
    el("li", {}, el("span", {}, event.message), el("span", { class: "two end" }, since(event.at))))));
}

export function drawOneOff(state) {
  if (!state.one_off_tasks.length) return [empty("None. RunTask starts one: a migration before a deployment, for example.")];
  return [el("ul", { class: "list card" }, state.one_off_tasks.map(task))];
}

// ---- traffic

const TARGET_TONES = { healthy: "good", unhealthy: "bad", initial: "work", draining: "ask", unused: "" };

export function drawTraffic(state) {
  if (!state.listeners.length) {
    return [empty("No load balancer listens yet. Each HTTP listener gets a port of its own on this machine, and its address is shown here.")];
  }
  return state.listeners.map((each) => el("article", { class: "card" },
    el("div", { class: "head" }, el("h3", {}, `${each.balancer}:${each.port}`), el("span", { class: "two" }, `${each.protocol}, ${each.region}`),
      each.url ? el("a", { class: "end mono", href: each.url, rel: "noreferrer" }, each.url) : el("span", { class: "two end" }, "has no port here")),
    el("ul", { class: "list" }, each.rules.map(rule))));
}

function rule(each) {
  const sum = each.groups.reduce((total, group) => total + group.weight, 0);
  return el("li", {},
    el("div", {}, el("strong", {}, each.priority), " ", each.conditions.length ? each.conditions.join(" and ") : "everything else",
      each.groups.length ? "" : `: ${each.action}`),
    each.groups.length ? el("div", { class: "meter" }, each.groups.flatMap((group) => weight(group, sum))) : null);
}

function weight(group, sum) {
  const percent = sum ? Math.round((1000 * group.weight) / sum) / 10 : 0;
  const health = Object.entries(group.targets).map(([state, count]) => pill(`${count} ${state}`, TARGET_TONES[state] ?? ""));
  return [
    el("div", { class: "row" }, el("code", {}, group.name), health.length ? health : pill("no targets", "")),
    el("span", { class: "end" }, `${percent} %`),
    el("meter", { min: 0, max: 100, value: percent, "aria-label": `Share of ${group.name}` }),
    el("span", {}),
    ...group.problems.flatMap((problem) => [el("span", { class: "two" }, problem), el("span", {})]),
  ];
}

// ---- alarms, faults, clock

const ALARM_TONES = { ALARM: "bad", OK: "good" };

export function drawAlarms(state) {
  if (!state.alarms.length) return [empty("No alarm is set. CloudWatch alarms appear here with their state, and can be made to ring.")];
  return [el("ul", { class: "list card" }, state.alarms.map((each) => el("li", {},
    pill(words(each.state), ALARM_TONES[each.state] ?? ""), el("span", {}, each.name),
    el("span", { class: "end" }, each.forced ? el("span", { class: "two" }, "ordered") : order("Ring", `Make ${each.name} ring`, { kind: "alarm", alarm: each.name }, `ring ${each.region} ${each.name}`)),
    el("span", { class: "two" }, since(each.since), each.reason ? ` ${each.reason}` : ""))))];
}

export function drawFaults(state) {
  if (!state.faults.length) return [el("p", { class: "two" }, "Everything works: no fault is ordered. Order one below and watch what breaks.")];
  return [el("ul", { class: "list" }, state.faults.map((each) => el("li", {}, el("span", {}, fault(each)),
    el("button", { type: "button", class: "end", "aria-label": `${HAPPENED.includes(each.kind) ? "Forget" : "Take back"}: ${fault(each)}`, data: { key: `back ${each.id}`, back: each.id } }, HAPPENED.includes(each.kind) ? "Forget" : "Take back"))))];
}

// What has happened cannot be taken back, only forgotten.
const HAPPENED = ["kill-tasks", "spot-interruption"];

function fault(each) {
  const share = each.share < 1 ? `, ${Math.round(each.share * 100)} %` : "";
  const times = each.times === null ? "" : `, ${each.times} left`;
  const calls = `${each.service}:${each.action}${share}${times}`;
  if (each.kind === "alarm") return `alarm ${each.alarm} rings`;
  if (each.kind === "zone") return `zone ${each.zone} is lost`;
  if (each.kind === "latency") return `${calls} answers after ${each.seconds} s`;
  if (each.kind === "error") return `${calls} answers ${each.code}`;
  if (HAPPENED.includes(each.kind)) return `${each.kind}: ${many(each.hit.length, "task")} of ${each.service} ended`;
  return `${each.kind}: ${calls}`;
}

export function clockText(clock) {
  const pace = clock.scale === 1 ? "as fast as real time" : `${clock.scale} times as fast as real time`;
  return `${clock.time.slice(0, 19).replace("T", " ")} UTC, ${pace}.`;
}

// Which fields each kind of fault takes, with what an empty field means.
const CALLS = { service: ["Service", "all"], action: ["Action", "all"], share: ["Share (0 to 1)", "1"], times: ["How many calls", "all"] };
const TASKS = { service: ["ECS service", "any"], cluster: ["Cluster", "any"], share: ["Share (0 to 1)", "1"], times: ["At most", "all"] };
export const FIELDS = {
  throttle: CALLS,
  down: CALLS,
  latency: { seconds: ["Seconds", "needed"], ...CALLS },
  error: { code: ["Error code", "needed"], status: ["HTTP status", "400"], ...CALLS },
  alarm: { alarm: ["Alarm", "needed"] },
  zone: { zone: ["Zone", "needed"] },
  "kill-tasks": { ...TASKS, exit_code: ["Exit code", "137"] },
  "spot-interruption": TASKS,
};
export const NUMBERS = ["share", "times", "seconds", "status", "exit_code"];

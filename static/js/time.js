// Relative times go on ticking. The words are those of controlplane/pages/words.py.

const UNITS = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]];

/** At most `parts` neighbouring units, rounded down: "2 min 8 s". */
export function duration(seconds, parts = 2) {
  let rest = Math.max(0, Math.floor(seconds));
  const counts = UNITS.map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest %= size;
    return [count, unit];
  });
  const first = Math.max(0, counts.findIndex(([count]) => count > 0));
  const shown = counts.slice(first, first + parts).filter(([count]) => count > 0);
  return shown.map(([count, unit]) => `${count} ${unit}`).join(" ") || "0 s";
}

/** "38 min ago", "just now", "in 3 h 22 min". Both in milliseconds. */
export function relative(moment, now) {
  const ahead = (moment - now) / 1000;
  if (ahead > 1) return `in ${duration(ahead)}`;
  if (-ahead < 2) return "just now";
  return `${duration(-ahead, 1)} ago`;
}

/** "for 38 min": how long something goes on already. */
const lasting = (moment, now) => `for ${duration((now - moment) / 1000, 1)}`;

// The reader's clock may be wrong; the server said what time it was when the page was made.
const stated = Number(document.documentElement.dataset.now);
const skew = stated ? Date.now() - stated : 0;

/** Writes every relative time of the page anew, where its words have changed. */
export function say() {
  const now = Date.now() - skew;
  document.querySelectorAll("time[data-ticks]").forEach((time) => {
    const said = time.dataset.ticks === "lasting" ? lasting : relative;
    const words = said(Date.parse(time.dateTime), now);
    if (time.textContent !== words) time.textContent = words;
  });
}

export function tickTimes() {
  setInterval(() => document.hidden || say(), 1000);
}

const zone = document.documentElement.dataset.zone || undefined;
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: zone });
const exact = new Intl.DateTimeFormat("sv-SE", {
  dateStyle: "short", timeStyle: "medium", timeZone: zone,
});

/** "13:55:01" in the reader's zone. */
export const clockTime = (milliseconds) => clock.format(milliseconds);

/** "2026-11-20 13:55:01" in the reader's zone. */
export const exactTime = (milliseconds) => exact.format(milliseconds);

// The log viewer. Lines come over /ws/output/<stream>?after=N in order, each once; what the page has is never
// asked for again.
//
// Lines are kept in blocks of 200. A block near the reader shows rows (number, time, text); one further away is
// a single plain text of the same height, so that 200,000 lines cost a thousand text nodes and the browser's own
// "find in page" still sees every word.

import { AnsiUp } from "../vendor/ansi_up.js";
import { keepSocket, sayState } from "./socket.js";
import { clockTime, exactTime } from "./time.js";

const BLOCK = 200;
const PER_FRAME = 4000; // lines added between two paints: the page answers while a long log comes in
const NEAR = "800px";
const AT_END = 24; // pixels from the end that still count as "at the end"
const ANSI = /\u001b\[[0-9;?]*[A-Za-z]/g;

const WORDS = { live: "live", reconnecting: "reconnecting…", complete: "complete" };

const ansi = new AnsiUp();
ansi.use_classes = true;

/** Coloured text as HTML: everything but the colours escaped, no style attribute (the CSP refuses them). */
const coloured = (text) => ansi.ansi_to_html(`${text}\u001b[0m`).replace(/ style="[^"]*"/g, "");

/** The row of one line: its number is the link and the resume point. */
function rowOf(number, [milliseconds, text]) {
  const row = document.createElement("div");
  row.className = /^(\s*[│╷]?\s*)?Error\b/.test(text) ? "oline err" : "oline";
  row.dataset.line = number;
  const link = document.createElement("a");
  link.className = "ln";
  link.href = `#L${number}`;
  link.textContent = number;
  link.tabIndex = -1; // thousands of stops would stand between the keyboard and what comes after the log
  const time = document.createElement("time");
  time.textContent = clockTime(milliseconds);
  time.title = exactTime(milliseconds);
  const words = document.createElement("span");
  if (text.includes("\u001b")) {
    words.innerHTML = coloured(text);
  } else {
    words.textContent = text;
  }
  row.append(link, time, words);
  return row;
}

/** Consecutive lines, shown as rows or as one plain text. */
class Block {
  constructor(first) {
    this.first = first;
    this.lines = [];
    this.element = document.createElement("div");
    this.element.className = "block plain";
    this.element.block = this;
    this.asRows = false;
    this.shown = 0; // how many lines the element shows
  }

  get isFull() {
    return this.lines.length >= BLOCK;
  }

  render(asRows) {
    if (asRows !== this.asRows || this.shown > this.lines.length) {
      this.element.replaceChildren();
      this.shown = 0;
      this.asRows = asRows;
      this.element.classList.toggle("plain", !asRows);
    }
    const news = this.lines.slice(this.shown);
    if (!news.length) return;
    if (asRows) {
      this.element.append(...news.map((line, index) => rowOf(this.first + this.shown + index, line)));
    } else {
      const plain = this.element.firstElementChild || this.element.appendChild(document.createElement("pre"));
      plain.textContent = this.lines.map(([, text]) => text.replace(ANSI, "")).join("\n");
    }
    this.shown = this.lines.length;
  }
}

class Viewer {
  constructor(panel) {
    this.panel = panel;
    const part = (name) => panel.querySelector(`[data-output-${name}]`);
    this.box = part("lines");
    this.state = part("state");
    this.count = part("count");
    this.button = part("follow");
    this.blocks = [];
    this.last = 0; // number of the last line that arrived
    this.waiting = []; // lines that arrived and are not shown yet
    this.follows = true;
    this.painting = false;

    // A block takes its real height only when it comes near (content-visibility): the end moves, so follow it.
    this.heights = new ResizeObserver(() => this.follows && this.toEnd());
    this.observer = new IntersectionObserver((entries) => this.near(entries), { root: this.box, rootMargin: NEAR });
    this.box.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.button.addEventListener("click", () => this.follow());
    document.body.addEventListener("htmx:afterSettle", () => this.said && this.say(...this.said));
    addEventListener("hashchange", () => this.goToHash());

    this.socket = keepSocket(() => `${panel.dataset.output}?after=${this.last}`, {
      message: (data) => this.receive(data),
      state: (name, ending) => this.say(name, ending),
    });
  }

  /** While nobody works, lines could come and none will: then it says what is waited for (a part kept fresh knows). */
  say(name, ending) {
    this.said = [name, ending];
    const waits = name === "live" && this.panel.querySelector("[data-output-waits]")?.dataset.outputWaits;
    sayState(this.state, waits ? "waiting" : name, waits || ending || WORDS[name]);
  }

  receive({ first, lines, closed }) {
    if (closed) {
      this.say("complete");
      return;
    }
    if (first > this.last + 1) {
      this.socket.again(); // a gap: ask again from the last line that we have
      return;
    }
    const fresh = lines.slice(this.last + 1 - first); // an overlap is dropped, no line shows twice
    if (!fresh.length) return;
    this.last += fresh.length;
    for (const line of fresh) this.waiting.push(line);
    this.say("live");
    this.schedule();
  }

  schedule() {
    if (this.painting) return;
    this.painting = true;
    requestAnimationFrame(() => this.paint());
  }

  paint() {
    const batch = this.waiting.splice(0, PER_FRAME);
    const touched = new Set();
    for (const line of batch) {
      let block = this.blocks.at(-1);
      if (!block || block.isFull) {
        block = new Block(block ? block.first + block.lines.length : 1);
        this.blocks.push(block);
        this.box.append(block.element);
        this.observer.observe(block.element);
        this.heights.observe(block.element);
      }
      block.lines.push(line);
      touched.add(block);
    }
    const newest = this.blocks.at(-1);
    touched.forEach((block) => block.render(block === newest || block.asRows));
    const shown = this.last - this.waiting.length;
    this.count.textContent = `${shown.toLocaleString("en")} ${shown === 1 ? "line" : "lines"}`;
    if (this.follows) this.toEnd();
    this.painting = false;
    if (this.waiting.length) this.schedule();
    this.goToHash(true);
  }

  near(entries) {
    const selection = getSelection();
    for (const { target, isIntersecting } of entries) {
      const isMarked = selection && !selection.isCollapsed && selection.containsNode(target, true);
      if (!isMarked) target.block.render(isIntersecting || target.block === this.blocks.at(-1));
    }
  }

  scrolled() {
    const fromEnd = this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight;
    const atEnd = fromEnd < AT_END;
    // Only scrolling up stops following; content that grows or shrinks is not the reader's doing.
    const wentUp = this.box.scrollTop < this.lastTop && this.box.scrollHeight >= this.lastHeight;
    if (atEnd) this.follows = true;
    else if (wentUp) this.follows = false;
    this.lastTop = this.box.scrollTop;
    this.lastHeight = this.box.scrollHeight;
    this.button.hidden = this.follows;
  }

  toEnd() {
    this.box.scrollTop = this.box.scrollHeight;
  }

  follow() {
    this.follows = true;
    this.button.hidden = true;
    this.toEnd();
  }

  /** Shows the line that the address names (#L142), once it is there. `pending`: only if that is still to do. */
  goToHash(pending = false) {
    const number = Number(/^#L(\d+)$/.exec(location.hash)?.[1]);
    const shown = this.last - this.waiting.length;
    if (!number || number > shown || (pending && this.wentTo === number)) return;
    this.wentTo = number;
    this.follows = false;
    this.button.hidden = false;
    const block = this.blocks[Math.floor((number - 1) / BLOCK)];
    block.render(true);
    this.box.querySelector(".oline.here")?.classList.remove("here");
    const row = block.element.querySelector(`[data-line="${number}"]`);
    row.classList.add("here");
    row.scrollIntoView({ block: "center" });
  }
}

export const showOutput = (panel) => new Viewer(panel);

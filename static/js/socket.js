// A WebSocket that comes back: the back-off doubles to a limit, with some chance in it, so that a thousand
// browsers do not knock in the same moment when a server has restarted.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
const LONGEST_SILENCE = 15_000; // the server says every 5 seconds that it is there (CHECK_SECONDS in consumers.py)

// Close codes of controlplane/core/consumers.py: why trying again cannot help, and what does. Every way on begins
// with loading the page: it then asks for the sign-in, or says itself what is the matter.
const FINAL = {
  4400: { words: "The server does not understand what this page asked for.", action: "Load it again" },
  4401: { words: "You are signed out, so nothing new is shown.", action: "Sign in again" },
  4403: { words: "You have no role here any more. An admin of the system can give you one.", action: "Load the page again" },
  4404: { words: "This does not exist any more.", action: "Load the page again" },
};

/**
 * Keeps a socket open, and replaces one that has died without a word: after a laptop slept or changed its network.
 * @param {() => string} path  asked before each attempt, so that it can say where to resume
 * @param {{message: (data: object) => void,
 *          state: (name: "live"|"reconnecting"|"ended", ending?: {words: string, action: string}) => void}} on
 * @returns {{again: () => void}} `again` gives this socket up for a new one, as if it had been lost
 */
export function keepSocket(path, on) {
  let wait = FIRST_WAIT;
  let socket;
  let next; // the timer of the next attempt, while there is none
  let silence; // the timer that ends a silent socket

  const open = () => {
    next = undefined;
    const url = new URL(path(), location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(url);
    heard(); // a handshake may die silently, too
    socket.onopen = () => {
      heard();
      // Accepted is not yet allowed: a refusal comes as a close code right after. Only a line or a quiet
      // second proves the connection, and resets the back-off.
      const proved = socket;
      setTimeout(() => {
        if (proved.readyState === WebSocket.OPEN) wait = FIRST_WAIT;
      }, 1000);
      on.state("live");
    };
    socket.onmessage = (event) => {
      heard();
      const data = JSON.parse(event.data);
      if (!data.alive) on.message(data);
    };
    socket.onclose = (event) => {
      if (FINAL[event.code]) {
        clearTimeout(silence);
        on.state("ended", FINAL[event.code]);
      } else lost();
    };
  };

  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(giveUp, LONGEST_SILENCE);
  };

  const lost = () => {
    clearTimeout(silence);
    on.state("reconnecting");
    next = setTimeout(open, wait * (0.5 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  };

  // Not by way of onclose: a browser waits long for the goodbye of a connection that is dead.
  const giveUp = () => {
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    lost();
  };

  // Browsers put the sockets of hidden and sleeping pages to rest; whoever looks again wants to see now.
  const hurry = () => {
    if (next === undefined || document.hidden) return;
    clearTimeout(next);
    wait = FIRST_WAIT;
    open();
  };
  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);

  open();
  return { again: giveUp };
}

/**
 * Says a socket's state in `element`, which is a polite live region; the end comes with the way on.
 * @param {HTMLElement} element
 * @param {string} name   what the style sheet colours
 * @param {string|{words: string, action: string}} words
 */
export function sayState(element, name, words) {
  element.dataset.state = name;
  if (typeof words === "string") {
    if (element.textContent !== words) element.textContent = words; // a live region is read out whenever it is written
    return;
  }
  const way = document.createElement("a");
  way.href = location.pathname + location.search;
  way.textContent = words.action;
  element.replaceChildren(`${words.words} `, way);
}

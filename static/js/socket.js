// A WebSocket that comes back: the back-off doubles to a limit, with some chance in it, so that a thousand
// browsers do not knock in the same moment when a server has restarted.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;

// Close codes of controlplane/core/consumers.py. After these, trying again cannot help.
const FINAL = {
  4400: "This page asked for something that the server does not understand. Load it again.",
  4401: "You are signed out. Sign in again to go on.",
  4403: "You may not see this any more.",
  4404: "There is nothing here (any more).",
};

/**
 * Keeps a socket open.
 * @param {() => string} path  asked before each attempt, so that it can say where to resume
 * @param {{message: (data: object) => void, state: (name: "live"|"reconnecting"|"ended", words?: string) => void}} on
 * @returns {{again: () => void}} `again` closes the socket and resumes at once
 */
export function keepSocket(path, on) {
  let wait = FIRST_WAIT;
  let socket;

  const open = () => {
    const url = new URL(path(), location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(url);
    socket.onopen = () => {
      // Accepted is not yet allowed: a refusal comes as a close code right after. Only a line or a quiet
      // second proves the connection, and resets the back-off.
      const proved = socket;
      setTimeout(() => {
        if (proved.readyState === WebSocket.OPEN) wait = FIRST_WAIT;
      }, 1000);
      on.state("live");
    };
    socket.onmessage = (event) => on.message(JSON.parse(event.data));
    socket.onclose = (event) => {
      if (FINAL[event.code]) {
        on.state("ended", FINAL[event.code]);
        return;
      }
      on.state("reconnecting");
      setTimeout(open, wait * (0.5 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  };

  open();
  // Browsers put the sockets of hidden and sleeping pages to rest; whoever looks again wants to see now.
  addEventListener("online", () => {
    wait = FIRST_WAIT;
  });
  return { again: () => socket.close() };
}

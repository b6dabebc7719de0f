// What an action did is said at once and goes by itself; what was refused stays until the next page.

const READ = 15_000;

export function dismissMessages() {
  const done = document.querySelectorAll(".message.success");
  if (done.length) setTimeout(() => done.forEach((message) => message.remove()), READ);
}

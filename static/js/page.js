// What every page starts. Each module looks for its own elements and does nothing where there are none.

import { watchCopyButtons } from "./copy.js";
import { watchKeys } from "./keys.js";
import { watchTopics } from "./live.js";
import { dismissMessages } from "./messages.js";
import { watchScrolling } from "./scroll.js";
import { tickTimes } from "./time.js";

watchCopyButtons();
watchKeys();
watchTopics();
watchScrolling();
tickTimes();
dismissMessages();

// The log viewer is the largest module, and most pages have none.
const outputs = document.querySelectorAll("[data-output]");
if (outputs.length) {
  import("./output.js").then(({ showOutput }) => outputs.forEach(showOutput));
}

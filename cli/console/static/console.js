// The console's page: asks for the piece of its address again and again, and puts it in place.

import { ask, onOrder, refresh } from "./dialog.js";
import { morph } from "./morph.js";
import { json, page, takeToken } from "./api.js";

const SLOWEST_SECONDS = 30;
const element = (name) => document.getElementById(name);
const main = element("main");
const where = location.pathname === "/" ? "/pages/overview" : `/pages${location.pathname}`;

let tag = null;
let standing = null;
let seconds = 1;
let faults = 0;
let timer = null;

async function look() {
  clearTimeout(timer);
  try {
    const found = await page(where, tag);
    if (found) show(found);
    element("state").textContent = `as of ${new Date().toLocaleTimeString()}`;
    trouble(null);
    faults = 0;
  } catch (fault) {
    faults += 1;
    trouble(fault);
    if (fault.status === 401 || fault.status === 404) return;
  }
  next();
}

// Nobody looks at a hidden tab, so it does not look either; a cloud in trouble is asked less often.
function next() {
  if (document.hidden) return;
  timer = setTimeout(look, 1000 * Math.min(SLOWEST_SECONDS, seconds * 2 ** faults));
}

function show(found) {
  tag = found.tag;
  const fresh = new DOMParser().parseFromString(found.text, "text/html").getElementById("page");
  const shown = element("page");
  const reading = main.contains(document.activeElement);
  if (shown) morph(shown, fresh);
  else main.replaceChildren(document.importNode(fresh, true));
  // What had the focus is gone, a button of a release that is over: the keyboard stays here.
  if (reading && !main.contains(document.activeElement)) main.focus({ preventScroll: true });
  refresh();
  document.title = `${fresh.dataset.title} · Tidegate`;
  if (standing !== null && standing !== fresh.dataset.standing) announce(fresh.dataset.announce);
  standing = fresh.dataset.standing;
}

function announce(text) {
  element("announce").textContent = text;
}

function trouble(fault) {
  const place = element("trouble");
  const text = fault ? told(fault) : "";
  if (place.textContent !== text) place.textContent = text;
  place.hidden = !fault;
}

function told(fault) {
  const stale = element("page") && fault.status !== 401 ? " What you see is older." : "";
  return fault.message[0].toUpperCase() + fault.message.slice(1) + "." + stale;
}

main.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-verb]");
  if (!button) return;
  if (button.getAttribute("aria-disabled") === "true") {
    const why = document.getElementById(button.getAttribute("aria-describedby"));
    announce(why ? why.textContent : "not now");
  } else {
    ask(button);
  }
});

onOrder(async (said) => {
  announce(said);
  await look();
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) look();
  else clearTimeout(timer);
});

async function begin() {
  takeToken();
  try {
    const about = await json("/api/about");
    seconds = about.refresh_seconds;
    element("where").textContent = `${about.project} · ${about.stage} · ${about.target}`;
  } catch (fault) {
    trouble(fault);
    if (fault.status === 401) {
      main.replaceChildren();
      return;
    }
  }
  await look();
}

begin();

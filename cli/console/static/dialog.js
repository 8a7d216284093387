// Asks before a verb is carried out: what will happen, and why. The browser's own modal dialog
// keeps the keyboard inside, closes on Escape and gives the focus back.

import { order } from "./api.js";

const part = (name) => document.getElementById(`dialog-${name}`);
const dialog = document.getElementById("dialog");
let button = null;

export function ask(pressed) {
  button = pressed;
  const verb = button.dataset.verb;
  part("title").textContent = `${named(verb)} this release?`;
  part("about").textContent = button.dataset.about;
  part("yes").textContent = `${named(verb)} it`;
  part("yes").className = verb;
  part("why").value = "";
  part("fault").textContent = "";
  refresh();
  dialog.showModal();
  part("why").focus();
}

// What would happen changes while the question is open: it is never an old answer.
export function refresh() {
  if (!button) return;
  const will = document.getElementById(`will-${button.dataset.verb}`);
  const lines = will ? [...will.children].map((line) => line.textContent) : ["It is over by now."];
  if (lines.join() === [...part("will").children].map((line) => line.textContent).join()) return;
  part("will").replaceChildren(...lines.map(item));
}

export function onOrder(done) {
  part("no").addEventListener("click", () => dialog.close());
  part("form").addEventListener("submit", (event) => {
    event.preventDefault();
    carryOut(done);
  });
}

async function carryOut(done) {
  const yes = part("yes");
  if (yes.disabled) return;
  yes.disabled = true;
  part("fault").textContent = "";
  try {
    const said = await order(button.dataset.release, button.dataset.verb, part("why").value);
    dialog.close();
    await done(`${named(button.dataset.verb)} ordered by ${said.who}.`);
  } catch (fault) {
    part("fault").textContent = fault.message;
  } finally {
    yes.disabled = false;
  }
}

const named = (verb) => verb[0].toUpperCase() + verb.slice(1);

function item(text) {
  const made = document.createElement("li");
  made.textContent = text;
  return made;
}

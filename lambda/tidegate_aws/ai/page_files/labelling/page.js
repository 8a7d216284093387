// The labelling page: signs people in (authorization code with PKCE, RFC 7636), gives them one item
// after another, and sends what they say. The token is kept in memory only.
import { Boxes } from "./boxes";

const byId = (id) => document.getElementById(id);
const BASE = location.pathname.replace(/\/page$/, "");
const KEPT = "tidegate-sign-in";
let told = null;
let token = null;
let task = null;
let boxes = null;

function show(...ids) {
  for (const id of ["welcome", "nothing", "work"]) byId(id).hidden = !ids.includes(id);
}

function say(text) { byId("said").textContent = text; }
function trouble(text) { byId("trouble").textContent = text; }

// --- signing in -------------------------------------------------------------------------------

const url64 = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const drawn = () => url64(crypto.getRandomValues(new Uint8Array(32)));

async function signIn() {
  const verifier = drawn();
  const state = drawn();
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  sessionStorage.setItem(KEPT, JSON.stringify({ verifier, state }));
  const way = new URL(told.sign_in.authorize);
  const terms = {
    response_type: "code", client_id: told.sign_in.client, redirect_uri: told.sign_in.page,
    scope: "openid", state, code_challenge: url64(digest), code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(terms)) way.searchParams.set(name, value);
  location.assign(way);
}

async function signedIn(query) {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  sessionStorage.removeItem(KEPT);
  history.replaceState(null, "", location.pathname);
  if (!query.has("code") || query.get("state") !== kept.state) {
    throw new Error("The sign-in was not begun here, or was refused. Please sign in again.");
  }
  const answer = await fetch(told.sign_in.token, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      grant_type: "authorization_code", client_id: told.sign_in.client,
      redirect_uri: told.sign_in.page, code: query.get("code"), code_verifier: kept.verifier,
    }),
  });
  if (!answer.ok) throw new Error("The sign-in did not work. Please sign in again.");
  token = (await answer.json()).access_token;
}

function signOut() {
  token = null;
  if (!told.sign_in.leave) { location.assign(location.pathname); return; }
  const way = new URL(told.sign_in.leave);
  way.searchParams.set("client_id", told.sign_in.client);
  way.searchParams.set("logout_uri", told.sign_in.page);
  location.assign(way);
}

// --- asking the service -----------------------------------------------------------------------

async function ask(route, body) {
  const answer = await fetch(`${BASE}/${route}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  const found = await answer.json();
  if (answer.ok) return found;
  if (answer.status === 401) {
    token = null;
    show("welcome");
    throw new Error("Your time is over. Please sign in again: nothing that you sent is lost.");
  }
  const error = new Error(found.error?.message ?? found.message ?? `HTTP ${answer.status}`);
  error.code = found.error?.code;
  throw error;
}

async function next() {
  trouble("");
  try {
    const found = await ask("next", {});
    task = found.task ?? null;
    if (task) shown(); else nothing("Nothing to label now", found.why, true);
  } catch (error) {
    task = null;
    if (error.code === "stopped") nothing("You are not asked any more", error.message, false);
    else trouble(error.message);
  }
}

function nothing(title, why, again) {
  show("nothing");
  byId("nothing-title").textContent = title;
  byId("why").textContent = why;
  byId("again").hidden = !again;
  byId("nothing-title").focus();
}

async function send(route, body, words) {
  trouble("");
  for (const button of document.querySelectorAll("#answer button")) button.disabled = true;
  try {
    await ask(route, body);
    say(words);
    await next();
  } catch (error) {
    if (error.code === "gone") { say(error.message); await next(); } else trouble(error.message);
  } finally {
    for (const button of document.querySelectorAll("#answer button")) button.disabled = false;
  }
}

// --- one item ---------------------------------------------------------------------------------

function shown() {
  show("work");
  byId("count").hidden = false;
  byId("count").textContent = `Labelled: ${task.labelled}`;
  byId("work-title").textContent = `Item ${task.labelled + 1}`;
  byId("text").hidden = !task.text;
  byId("text").textContent = task.text ?? "";
  byId("picture").hidden = !task.image;
  if (task.image) byId("image").src = task.image;
  byId("disputed").hidden = !(task.disputed ?? []).length;
  byId("sayings").replaceChildren(...(task.disputed ?? []).map(saying));
  for (const box of document.querySelectorAll("#classes input")) box.checked = false;
  boxes?.clear();
  byId("work-title").focus();
}

function saying(one) {
  const line = document.createElement("li");
  const drawn = one.boxes.map((b) => `${b.label} at ${b.left}, ${b.top}, ${b.width} × ${b.height}`);
  line.textContent = [...one.classes, ...drawn].join("; ") || "nothing";
  return line;
}

function chosen() {
  return [...document.querySelectorAll("#classes input:checked")].map((input) => input.value);
}

async function answer(event) {
  event.preventDefault();
  const drawing = told.task === "image-boxes";
  const picked = chosen();
  if (!drawing && told.task !== "text-classes" && picked.length !== 1) {
    trouble("Choose a class first.");
    byId("classes").querySelector("input").focus();
    return;
  }
  const said = drawing
    ? { item: task.item, boxes: boxes.told() }
    : { item: task.item, classes: picked };
  await send("label", said, "Stored.");
}

// --- the form ---------------------------------------------------------------------------------

function build() {
  const drawing = told.task === "image-boxes";
  const many = told.task === "text-classes";
  byId("instructions").textContent = told.instructions;
  byId("legend").textContent = drawing ? "Class of new boxes" : many ? "Classes" : "Class";
  told.classes.forEach((name, place) => {
    const line = document.createElement("label");
    const input = document.createElement("input");
    Object.assign(input, { type: many ? "checkbox" : "radio", name: "class", value: name });
    const key = document.createElement("kbd");
    key.textContent = place < 9 ? String(place + 1) : "";
    line.append(input, document.createTextNode(name), ...(place < 9 ? [key] : []));
    byId("classes").append(line);
  });
  byId("keys").textContent =
    "Keys: the numbers choose, Enter sends." + (drawing ? " B adds a box." : "");
  byId("boxes").hidden = !drawing;
  if (drawing) {
    boxes = new Boxes({
      stage: byId("stage"), image: byId("image"), list: byId("drawn"), classes: told.classes,
      chosen: () => chosen()[0] ?? told.classes[0], say,
    });
    byId("add-box").addEventListener("click", () => boxes.add());
  }
}

function onKey(event) {
  if (byId("work").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("select, .box, a")) return;
  const input = document.querySelectorAll("#classes input")[Number(event.key) - 1];
  if (/^[1-9]$/.test(event.key) && input) {
    event.preventDefault();
    input.checked = input.type === "radio" || !input.checked;
    input.focus();
  } else if (event.key === "b" && boxes) {
    event.preventDefault();
    boxes.add();
  } else if (event.key === "Enter" && event.target.closest("#work") &&
             !event.target.closest("button")) {
    event.preventDefault();
    byId("answer").requestSubmit();
  }
}

async function begin() {
  byId("sign-in").addEventListener("click", signIn);
  byId("again").addEventListener("click", next);
  byId("answer").addEventListener("submit", answer);
  byId("back").addEventListener("click", () =>
    send("give-back", { item: task.item }, "Given back: others will look at it."));
  byId("sign-out").addEventListener("click", signOut);
  document.addEventListener("keydown", onKey);
  try {
    told = await (await fetch(`${BASE}/page/told`)).json();
    build();
    const query = new URLSearchParams(location.search);
    if (query.has("code") || query.has("error")) await signedIn(query);
  } catch (error) {
    trouble(error.message);
  }
  if (!token) { show("welcome"); return; }
  byId("sign-out").hidden = false;
  await next();
}

begin();

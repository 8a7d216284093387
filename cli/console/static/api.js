// Talks to the server that this page came from. The token comes with the address that
// `tidegate console` prints, behind its #, and is kept for other tabs of the same console.

const KEY = "tidegate-token";

export class Fault extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return;
  localStorage.setItem(KEY, given);
  history.replaceState(null, "", location.pathname + location.search);
}

async function ask(path, options = {}) {
  const headers = { Authorization: `Bearer ${localStorage.getItem(KEY)}`, ...options.headers };
  let response;
  try {
    response = await fetch(path, { ...options, headers, signal: AbortSignal.timeout(60_000) });
  } catch {
    throw new Fault("the console does not answer: does 'tidegate console' still run?", 0);
  }
  if (response.ok || response.status === 304) return response;
  const said = await response.json().catch(() => ({}));
  throw new Fault(said.error ?? `the console answered ${response.status}`, response.status);
}

// A piece of a page, and its tag; null where it is still the one with that tag.
export async function page(path, tag) {
  const response = await ask(path, { headers: tag ? { "If-None-Match": tag } : {} });
  if (response.status === 304) return null;
  return { text: await response.text(), tag: response.headers.get("ETag") };
}

export async function json(path) {
  return (await ask(path)).json();
}

export async function order(release, verb, why) {
  const response = await ask(`/api/releases/${encodeURIComponent(release)}/${verb}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ why }),
  });
  return response.json();
}

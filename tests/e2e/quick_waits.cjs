// Loaded into the pinned CDK command line: it looks every half second whether a stack is ready.
// It waits five seconds between looks, which are minutes of the embedded cloud's clock and most of
// the time that the stories of the real command line took. Nothing else of it is changed.
const LOOK_MS = 5000;
const QUICK_MS = 500;
const wait = globalThis.setTimeout;
const quick = (work, ms, ...more) => wait(work, ms === LOOK_MS ? QUICK_MS : ms, ...more);
// util.promisify(setTimeout) has a form of its own.
globalThis.setTimeout = Object.assign(quick, wait);
for (const symbol of Object.getOwnPropertySymbols(wait)) {
  Object.defineProperty(quick, symbol, Object.getOwnPropertyDescriptor(wait, symbol));
}

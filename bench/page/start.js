// Runs before the scripts of a start page (../peers/*/start.html), which call
// first(milliseconds or an error's text) and, when nothing more will start, started().
const promise = (name) => new Promise((resolve) => (globalThis[name] = resolve));
const firstReply = promise("first");
const allStarted = promise("started");
globalThis.startup = async () => {
  const result = await firstReply;
  if (typeof result !== "number") throw new Error(result);
  performance.mark("bench-page");
  await allStarted;
  return result;
};

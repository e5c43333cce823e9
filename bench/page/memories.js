// Runs before the scripts of a page, in the memory rows alone, and notes each
// wasm memory: no API of the browser tells how large they are.
globalThis.wasmMemories = [];
/** Resolves when there is one. */
let started;
globalThis.wasmStarted = new Promise((resolve) => (started = resolve));

const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (...args) => {
  const made = await instantiate(...args);
  const { exports } = made.instance ?? made;
  for (const value of Object.values(exports)) {
    if (value instanceof WebAssembly.Memory) {
      globalThis.wasmMemories.push(value);
      started(true);
    }
  }
  return made;
};

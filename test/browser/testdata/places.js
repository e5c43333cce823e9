// The script in places of all kinds. Each case has a page of its own, which
// has not loaded it.
const { equal, ok } = T;
const script = async (name) => (await fetch(name)).text();
const blob = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
const wasm = new URL(wasmFile, location.href).href;
/** What a client of another host wants besides. */
const elsewhere = T.host === "page" ? {} : { workerURL: new URL(workerFile, location.href).href };

/** What a client says that has wasm, after a call: to be run in any place. */
async function use(sockjax, ws, options) {
  try {
    const api = sockjax.connect(ws, options);
    const reply = await api.request("hi");
    while (api.stats().funcs === 0) await new Promise((resolve) => setTimeout(resolve, 4));
    await api.close();
    return reply;
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

/** Runs what loads the script in a worker, where it stands under sockjax, and uses it once with each of the options. */
const inWorker = async (load, ws, ...options) => {
  const main = `
    ${use}
    onmessage = async ({ data: [ws, all] }) => {
      const results = [];
      for (const options of all) results.push(await use(sockjax, ws, options));
      postMessage(results);
    };
    postMessage("loaded");`;
  const worker = new Worker(load.url ?? blob(load.text + main), { type: load.type ?? "classic" });
  const message = () => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  equal(await message(), "loaded");
  worker.postMessage([ws, options]);
  return message();
};
const asks = (text) => ok(/^TypeError: .*the option wasmURL/.test(text), `it asks for wasmURL: ${text}`);

Object.assign(T.cases, {
  "a module from a blob": async ({ ws }) => {
    const module = await import(blob(await script("/sockjax.js")));
    asks(await use(module, ws));
    equal(await use(module, ws, { wasmURL: wasm }), "hi");
    equal(await use(module, ws), "hi", "now it is known");
  },

  "a module from a data: URL": async ({ ws }) => {
    const module = await import(`data:text/javascript,${encodeURIComponent(await script("/sockjax.js"))}`);
    asks(await use(module, ws));
    equal(await use(module, ws, { wasmURL: `/${wasmFile}` }), "hi");
  },

  "the text of the classic script in the page": async ({ ws }) => {
    const inline = document.createElement("script");
    inline.text = await script("/sockjax.global.js");
    document.head.append(inline);
    equal(await use(sockjax, ws), "hi");
  },

  "a bundle that is no module": async ({ ws }) => {
    const inline = document.createElement("script");
    inline.text = await script("/bundle.js");
    document.head.append(inline);
    asks(await use(globalThis.sockjax, ws));
    equal(await use(globalThis.sockjax, ws, { wasmURL: wasm, ...elsewhere }), "hi");
  },

  "importScripts in a worker": async ({ ws }) => {
    const worker = blob(`importScripts("${location.origin}/sockjax.global.js");`);
    const [needy, replied] = await inWorker({ text: `importScripts("${worker}");` }, ws, undefined, { wasmURL: wasm });
    asks(needy);
    equal(replied, "hi");
  },

  "a bundle in a worker made of a blob": async ({ ws }) => {
    const [needy, replied] = await inWorker({ text: await script("/bundle.js") }, ws, undefined, { wasmURL: wasm });
    asks(needy);
    equal(replied, "hi");
  },

  "a module in a worker made of a blob": async ({ ws }) => {
    const text = `import * as sockjax from "${location.origin}/sockjax.js";`;
    equal(await inWorker({ text, type: "module" }, ws, undefined), ["hi"]);
    const nested = blob(await script("/sockjax.js"));
    const [needy, replied] = await inWorker({ text: `import * as sockjax from "${nested}";`, type: "module" }, ws, undefined, { wasmURL: wasm });
    asks(needy);
    equal(replied, "hi");
  },

  "a worker made of a blob: relative URLs begin at its page's origin": async () => {
    const text = `importScripts("${location.origin}/sockjax.global.js");`;
    equal(await inWorker({ text }, "/ws", { wasmURL: `/${wasmFile}` }), ["hi"]);
  },

  "a worker from a data: URL": async ({ ws }) => {
    // It may fetch no wasm from here, being of another origin than everything; but it loads, and says what it needs.
    const text = `${await script("/sockjax.global.js")};
      const told = (act) => { try { act(); return "made"; } catch (error) { return error.name + ": " + error.message; } };
      const { connect } = sockjax;
      postMessage([told(() => connect("${ws}")), told(() => connect("${ws}", { wasmURL: "${wasm}" }))]);`;
    const worker = new Worker(`data:text/javascript,${encodeURIComponent(text)}`);
    const [needy, made] = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
    asks(needy);
    equal(made, "made");
    worker.terminate();
  },
});

// What each page of the tests does with the package. The harness copies it into
// each project.

const wait = () => new Promise((resolve) => setTimeout(resolve, 4));

/** Makes a call before there is wasm, and another that goes through it. */
export async function use(connect, url, options) {
  const api = connect(url, options);
  let failure = null;
  api.addEventListener("error", ({ detail }) => (failure = detail));
  const first = await api.request({ api: "add", a: 1, b: 2 });
  while (api.stats().funcs === 0) {
    if (failure !== null) throw failure;
    await wait();
  }
  const second = await api.request({ api: "add", a: first, b: 4 });
  await api.close();
  return `${first} ${second}`;
}

/** Starts the script as a worker of both kinds, and says whether anybody has changed it. */
export async function start(url, original) {
  const said = (target) => new Promise((resolve, reject) => {
    target.onmessage = ({ data }) => resolve(data);
    target.onerror = () => reject(new Error(`no worker: ${url}`));
  });
  const worker = new Worker(url);
  const names = [await said(worker), await said(Object.assign(new SharedWorker(url)).port)];
  worker.terminate();
  const text = await (await fetch(url)).text();
  return [...names, text === original ? "same" : `other: ${text}`].join(" ");
}

/** Leaves for the test what becomes of it. */
export function tell(promise) {
  promise.then(
    (result) => (globalThis.result = result),
    (error) => (globalThis.result = `${error?.name}: ${error?.message}`),
  );
}

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

/** Makes calls by way of a worker of each kind, and says which it was, or why not. */
export async function useInWorkers(connect, url, options, hosts = ["worker", "shared"]) {
  const said = [];
  for (const host of hosts) {
    const api = connect(url, { ...options, host });
    try {
      const sum = await api.request({ api: "add", a: 5, b: 6 });
      said.push(`${api.stats().host} ${sum}`);
    } catch (error) {
      said.push(error.message);
    }
    await api.close();
  }
  return said.join(", ");
}

/** Leaves for the test what becomes of it. */
export function tell(promise) {
  promise.then(
    (result) => (globalThis.result = result),
    (error) => (globalThis.result = `${error?.name}: ${error?.message}`),
  );
}

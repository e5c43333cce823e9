// Reloads the page when the dev server has built something new, and shows what
// the compiler said when it could not. Only the dev server puts this script
// into a page. Its partner is events.go: each event is the whole status
// {build, css, error?, stale?}.

const loaded = new URL(import.meta.url).searchParams;
const build = loaded.get("build");
let css = loaded.get("css");

let source = null;
let dismissed = ""; // the text that Escape has closed; another one shows again

function listen() {
  source ??= new EventSource("/dev/events");
  source.onmessage = (event) => show(JSON.parse(event.data));
}

// A browser gives a host six HTTP/1.1 connections in all, and an event stream
// holds one: a hidden tab must let go of it. Nothing is missed, since the first
// event after coming back is the status of then.
function unlisten() {
  source?.close();
  source = null;
}

function show(status) {
  if (status.build !== build) {
    unlisten();
    location.reload();
    return;
  }
  if (status.css !== css) {
    css = status.css;
    swapStyles();
  }
  if (status.error) overlay("Build failed", status.error, "alert");
  else if (status.stale) overlay("Restart the dev server", status.stale, "status");
  else overlay(null);
}

function swapStyles() {
  for (const old of document.querySelectorAll('link[rel="stylesheet"]')) {
    const url = new URL(old.href);
    if (url.origin !== location.origin) continue;
    url.searchParams.set("css", css);
    const link = old.cloneNode();
    link.href = url;
    link.onload = link.onerror = () => old.remove(); // not before: no flash of bare HTML
    old.after(link);
  }
}

// A constructed style sheet in a shadow root: the page's policy allows it, and
// neither side's styles reach the other.
const styles = new CSSStyleSheet();
styles.replaceSync(`
  :host { all: initial; }
  section {
    position: fixed; z-index: 2147483647; inset: auto 0 0 0; box-sizing: border-box;
    max-height: 100vh; max-height: 100dvh; overflow: auto; padding: 1rem 1.25rem;
    font: 15px/1.5 system-ui, sans-serif; color: #1d1d1f; background: #fff6d6; border-top: 4px solid #b07d00;
  }
  section.alert { inset: 0; color: #f5f1ee; background: #1b1414; border-top-color: #ff6b5e; }
  header { display: flex; gap: 1rem; align-items: center; justify-content: space-between; }
  h1 { margin: 0; font-size: 1.1rem; }
  .alert h1 { color: #ff9a90; }
  pre { margin: .75rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 14px/1.55 ui-monospace, Consolas, monospace; }
  p { margin: .75rem 0 0; opacity: .8; }
  button { font: inherit; color: inherit; background: transparent; border: 1px solid; border-radius: 6px; padding: .2rem .7rem; cursor: pointer; }
  button:focus-visible { outline: 3px solid #4da3ff; outline-offset: 2px; }
`);

let host = null;

function overlay(title, text, role) {
  if (title === null) dismissed = "";
  if (title === null || text === dismissed) {
    host?.remove();
    host = null;
    return;
  }
  if (!host) {
    host = document.createElement("sockjax-dev-overlay");
    host.attachShadow({ mode: "open" }).adoptedStyleSheets = [styles];
    document.documentElement.append(host);
  }
  const section = document.createElement("section");
  section.className = role;
  section.setAttribute("role", role);
  const header = element("header", "");
  const close = element("button", "Close (Esc)");
  close.onclick = dismiss;
  header.append(element("h1", title), close);
  section.append(header, element("pre", text));
  if (role === "alert") section.append(element("p", "Behind this the last good build goes on. The page reloads when the error is mended."));
  section.dataset.text = text;
  host.shadowRoot.replaceChildren(section);
}

function element(name, text) {
  const e = document.createElement(name);
  e.textContent = text;
  return e;
}

function dismiss() {
  dismissed = host?.shadowRoot.firstElementChild?.dataset.text ?? "";
  host?.remove();
  host = null;
}

addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !host) return;
  event.stopPropagation(); // the page may use Escape too
  dismiss();
}, true);

document.addEventListener("visibilitychange", () => (document.hidden ? unlisten() : listen()));
if (!document.hidden) listen();

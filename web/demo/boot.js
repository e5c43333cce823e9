// Starts the demo, and says so plainly when that fails. It imports nothing
// statically: a static import that cannot be loaded would keep this module
// from running at all.
const root = document.documentElement;

try {
  const library = await import("/sockjax.js");
  const { start } = await import("/demo/demo.js");
  start(library);
  document.getElementById("main").inert = false;
} catch (error) {
  console.error(error);
  root.dataset.state = "failed";
  const byId = (id) => document.getElementById(id);
  byId("problem-text").textContent =
    `The demo could not start. Is the dev server still running? Its terminal says more, and so does this browser’s console. (${error.message})`;
  byId("problem").hidden = false;
  byId("problem-close").hidden = true;
  byId("state-icon").firstElementChild.setAttribute("href", "/demo/icons.svg#closed");
  byId("state-text").textContent = "Not started";
  byId("state-detail").textContent = "See the message above";
}

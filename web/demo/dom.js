// The few helpers for elements that every part of the page uses.

/** The element with that id, which index.html must have. */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}.`);
  return element;
}

/** Makes an element. `properties` are set as properties, or as attributes where the name has a hyphen or is `role`. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

const svgNamespace = "http://www.w3.org/2000/svg";

/** Makes an SVG element; everything is an attribute there. */
export function makeSVG(tag, attributes = {}, ...children) {
  const element = document.createElementNS(svgNamespace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function icon(name) {
  return makeSVG("svg", { "aria-hidden": "true" }, makeSVG("use", { href: `/demo/icons.svg#${name}` }));
}

export function setIcon(svg, name) {
  const href = `/demo/icons.svg#${name}`;
  const use = svg.querySelector("use");
  if (use.getAttribute("href") !== href) use.setAttribute("href", href);
}

/** Sets text only where it differs, so that nothing is laid out, or read out, for nothing. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Wraps `render` so that any number of calls become one in the next animation frame. */
export function perFrame(render) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      render();
    });
  };
}

export const lessMotion = matchMedia("(prefers-reduced-motion: reduce)");

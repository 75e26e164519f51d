// Elements from their parts. Text is always set as text, never as HTML, so that no prompt and no token can be markup.

/** Make an element: attributes by name (functions are listeners, false and null leave one out), then children. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Find an element of the page by its id. */
export function byId(id) {
  return document.getElementById(id);
}

/** Set a text, and leave the element alone where it has it already: a live region then stays silent. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Split a sentence of the settings' table at its `backticks` into text and code. */
export function sentence(text) {
  return text.split("`").map((part, place) => (place % 2 ? make("code", {}, part) : part));
}

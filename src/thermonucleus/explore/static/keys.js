// Keys for all of the page.

import { byId, make } from "./elements.js";

/** Where letters are text. A slider is no such place. */
function takesText(element) {
  const typed = element.matches?.("textarea, select, input:not([type=range], [type=checkbox], [type=radio])");
  return Boolean(typed || element.isContentEditable);
}

/** What is said of the keys that single controls have. */
const OTHERS = [
  ["← →", "move a slider by a step, among words, or over the map"],
  ["Page Up, Page Down", "move a slider by a tenth"],
  ["Enter", "open a word's alternatives, choose one, or go to a place on the map"],
  ["Esc", "back from the alternatives to the word"],
];

/** Have keys do what they are for: `keys` maps each to [what it does, a function]. */
export function listenToKeys(keys) {
  const dialog = byId("keys");
  const all = { ...keys, "?": ["show these keys", () => dialog.showModal()] };
  const line = (key, says) => make("div", {}, make("dt", {}, make("kbd", {}, key.toUpperCase())), make("dd", {}, says));
  byId("keys-list").append(...Object.entries(all).map(([key, [says]]) => line(key, says)));
  byId("keys-list").append(...OTHERS.map(([key, says]) => make("div", {}, make("dt", {}, make("kbd", {}, key)), make("dd", {}, says))));
  byId("show-keys").addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open || takesText(event.target)) return;
    if (!byId("letters").checked) return;
    const entry = all[event.key.toLowerCase()];
    if (!entry) return;
    event.preventDefault();
    entry[1]();
  });
}

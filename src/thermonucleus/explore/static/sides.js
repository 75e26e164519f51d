// A and B: settings that are pinned, beside those of now.

import { byId, make, setText } from "./elements.js";
import { inSentence, written } from "./words.js";

/** Say in few words what settings are. */
export function described(settings, table) {
  const parts = [...table.values()].filter(({ name }) => name in settings);
  if (!parts.length) return "defaults";
  return parts.map(({ name, label }) => `${inSentence(label)} ${written(settings[name])}`).join(", ");
}

export class Sides {
  constructor(state) {
    this.state = state;
    byId("pin").addEventListener("click", () => this.pin());
    byId("swap").addEventListener("click", () => state.change({ settings: state.pinned, pinned: state.settings }));
    byId("clear").addEventListener("click", () => {
      state.change({ pinned: null });
      byId("pin").focus();
    });
  }

  /** Pin the present settings as A. */
  pin() {
    this.state.change({ pinned: { ...this.state.settings } });
  }

  /** The sides that there are, by name: their settings. */
  settings() {
    const { pinned, settings } = this.state;
    return pinned ? { A: pinned, B: settings } : { B: settings };
  }

  /** What the sides are called above their texts. */
  headings() {
    const { pinned, settings, table } = this.state;
    if (!pinned) return { B: described(settings, table) };
    return { A: `A: ${described(pinned, table)}`, B: `B: ${described(settings, table)}` };
  }

  show() {
    const { pinned, table } = this.state;
    const says = "Pin the settings as A, then change them: the continuations of both stand side by side.";
    setText(byId("sides-say"), pinned ? "" : says);
    const sides = pinned ? Object.entries(this.settings()) : [];
    const term = (name) => (name === "A" ? "A, pinned" : "B, now");
    const line = ([name, settings]) => make("div", {}, make("dt", {}, term(name)), make("dd", {}, described(settings, table)));
    byId("sides-list").replaceChildren(...sides.map(line));
    setText(byId("pin"), pinned ? "Pin anew" : "Pin as A");
    byId("swap").hidden = byId("clear").hidden = !pinned;
  }
}

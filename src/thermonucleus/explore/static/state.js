// What the page is about: model, prompt, seed, settings, and those pinned as A. All of it is in the address.

/** Of another version's links this page reads what it knows. */
const VERSION = "1";

/** Chosen: changes to one control with no pause longer than this are one step of "back". */
const GESTURE_MS = 2000;
/** Chosen: browsers refuse addresses that change more than some 200 times in half a minute, as a held slider would have them. */
const ADDRESS_MS = 250;

/** Read a seed, null if it is none. */
export function seedOf(text) {
  const seed = Number(text);
  return text !== "" && Number.isSafeInteger(seed) && seed >= 0 ? seed : null;
}

/** Read the value of a setting from an address; what is no value stays text, and the server says what is wrong with it. */
function parsed(setting, text) {
  if (text === "") return null;
  if (setting.kind === "order") return text.includes(",") ? text.split(",").filter((stage) => stage !== "") : text;
  if (setting.kind === "float" || setting.kind === "int") return Number.isFinite(Number(text)) ? Number(text) : text;
  const choices = setting.choices ?? [true, false];
  const choice = choices.find((one) => String(one) === text);
  return choice === undefined ? text : choice;
}

/** Write the value of a setting for an address: stages with a comma even where there is one, as it is no name of an order. */
function inAddress(value) {
  if (value === null) return "";
  return Array.isArray(value) && value.length === 1 ? `${value[0]},` : String(value);
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

export class State {
  /** Start from the address, and from `start` where it says nothing: {model, prompt, seed}. */
  constructor(settings, start) {
    this.table = new Map(settings.map((setting) => [setting.name, setting]));
    this.start = start;
    this.listeners = [];
    this.gesture = { name: null, at: 0 };
    this.entered = false; // whether the gesture going on has its place in the history
    this.read();
    window.addEventListener("popstate", () => this.reread());
    window.addEventListener("hashchange", () => this.reread());
  }

  /** Call a function at each change, with the names of what changed: "model", "prompt", "seed", "settings", "pinned". */
  listen(listener) {
    this.listeners.push(listener);
  }

  /** Read model, prompt, seed, settings and pinned settings from the address. */
  read() {
    const given = new URLSearchParams(window.location.hash.slice(1));
    this.model = given.get("m") ?? this.start.model;
    this.prompt = given.get("p") ?? this.start.prompt;
    const seed = seedOf(given.get("s") ?? String(this.start.seed));
    this.seed = seed ?? this.start.seed;
    this.settings = this.readSettings(given, "");
    this.pinned = given.has("A") ? this.readSettings(given, "A.") : null;
    const known = ["m", "p", "s", "v", "A", ...this.table.keys(), ...[...this.table.keys()].map((name) => `A.${name}`)];
    this.unread = [...new Set(given.keys())].filter((name) => !known.includes(name) || (name === "s" && seed === null));
    this.address = this.hash();
  }

  readSettings(given, prefix) {
    const settings = {};
    for (const [name, setting] of this.table) {
      const text = given.get(prefix + name);
      if (text === null) continue;
      const value = parsed(setting, text);
      if (!same(value, setting.default)) settings[name] = value;
    }
    return settings;
  }

  reread() {
    if (this.hash() === window.location.hash) return;
    clearTimeout(this.writing);
    this.gesture = { name: null, at: 0 };
    const before = this.parts();
    this.read();
    this.tell(before);
  }

  /** The state as an address's part after the #. */
  hash() {
    const given = new URLSearchParams({ p: this.prompt, m: this.model, s: String(this.seed) });
    const write = (prefix, settings) => {
      for (const [name, value] of Object.entries(settings)) given.set(prefix + name, inAddress(value));
    };
    write("", this.settings);
    if (this.pinned) {
      given.set("A", "");
      write("A.", this.pinned);
    }
    given.set("v", VERSION);
    return `#${given}`;
  }

  parts() {
    const { model, prompt, seed, settings, pinned } = this;
    return { model, prompt, seed, settings, pinned };
  }

  /** Change parts of the state. Changes with the same `gesture`, one soon after the other, are one step of "back". */
  change(parts, gesture = null) {
    const before = this.parts();
    if (Object.entries(parts).every(([name, value]) => same(value, before[name]))) return;
    const now = performance.now();
    const goesOn = gesture !== null && gesture === this.gesture.name && now - this.gesture.at < GESTURE_MS;
    if (!goesOn) {
      this.writeAddress();
      this.entered = false;
    }
    this.gesture = { name: gesture, at: now };
    Object.assign(this, parts);
    clearTimeout(this.writing);
    this.writing = setTimeout(() => this.writeAddress(), ADDRESS_MS);
    this.tell(before);
  }

  /** Write the address now, rather than after a pause. */
  writeAddress() {
    clearTimeout(this.writing);
    const address = this.hash();
    if (address === this.address) return;
    if (this.entered) window.history.replaceState(null, "", address);
    else window.history.pushState(null, "", address);
    this.entered = true;
    this.address = address;
  }

  /** Set one setting; its default takes it out. */
  set(name, value, gesture = null) {
    this.change({ settings: this.withoutDefaults({ ...this.settings, [name]: value }) }, gesture);
  }

  /** Leave out of settings those that have their default. */
  withoutDefaults(settings) {
    return Object.fromEntries(Object.entries(settings).filter(([name, value]) => !same(value, this.table.get(name).default)));
  }

  /** The page's address with all of the state. */
  link() {
    return window.location.origin + window.location.pathname + this.hash();
  }

  /** The value of a setting, which is its default where no other is given. */
  get(name) {
    return name in this.settings ? this.settings[name] : this.table.get(name).default;
  }

  tell(before) {
    const changed = Object.entries(this.parts())
      .filter(([name, value]) => !same(value, before[name]))
      .map(([name]) => name);
    if (changed.length) this.listeners.forEach((listener) => listener(changed));
  }
}

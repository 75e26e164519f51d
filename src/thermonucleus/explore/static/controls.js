// The controls of the settings: sliders for the common ones, a drawer of fields for all others, made from the settings' table alone.

import { byId, make, sentence, setText } from "./elements.js";
import { scaleOf } from "./scales.js";
import { count, written } from "./words.js";

/** The one setting that is an order too, and so is chosen in the menu of orders. */
const LAST = "temperature_last";

/** The size of a vocabulary before the model has told it. Chosen. */
const LARGEST_SIZE = 100_000;

function isField(setting) {
  return !setting.common && setting.kind !== "order" && setting.name !== LAST;
}

function errorLine(name) {
  return make("p", { class: "error", id: `${name}-error`, role: "alert" });
}

/** A field: what takes part in every one of them, whatever its input is. */
class Field {
  constructor(setting, state) {
    this.setting = setting;
    this.state = state;
    this.name = setting.name;
    this.off = make("span", { class: "off", hidden: true }, "off");
    this.reset = make("button", { type: "button", class: "quiet reset", "aria-label": `Reset ${setting.label}`, title: "Reset" }, "↺");
    this.reset.addEventListener("click", () => {
      this.set(setting.default, null);
      this.main.focus();
    });
  }

  set(value, gesture = this.name) {
    this.state.set(this.name, value, gesture);
  }

  describedBy() {
    return `${this.name}-says ${this.name}-error`;
  }

  assemble(main, head, ...below) {
    this.main = main;
    const [label, ...inputs] = head;
    const name = make("div", { class: "field-name" }, label, this.moreButton(), this.off, this.reset);
    const says = make("p", { class: "hint", id: `${this.name}-says` }, ...sentence(this.setting.says));
    this.element = make("div", { class: "field" }, make("div", { class: "field-head" }, name, ...inputs), ...below, says);
    this.element.append(this.more, errorLine(this.name));
  }

  show() {
    const changed = this.name in this.state.settings;
    this.element.classList.toggle("changed", changed);
    this.reset.hidden = !changed;
    this.showValue(this.state.get(this.name));
  }

  /** What else there is to know of the setting opens and closes. */
  moreButton() {
    const id = `${this.name}-more`;
    this.more = make("p", { class: "hint", id, hidden: true }, ...sentence(this.setting.more.join(" ")));
    if (!this.setting.more.length) return null;
    const label = `More on ${this.setting.label}`;
    const button = make("button", { type: "button", class: "about", "aria-label": label, "aria-expanded": "false", "aria-controls": id }, make("span", {}, "?"));
    button.addEventListener("click", () => {
      this.more.hidden = !this.more.hidden;
      button.setAttribute("aria-expanded", String(!this.more.hidden));
    });
    return button;
  }

  label() {
    return make("label", { for: this.name }, this.setting.label);
  }
}

/** A number box: empty is the default where that is no number, and else nothing is changed. */
function numberBox(field, id, attributes = {}) {
  const { setting } = field;
  const none = setting.default === null;
  const box = make("input", {
    type: "number",
    id,
    min: setting.low,
    max: setting.high,
    step: setting.kind === "int" ? 1 : "any",
    placeholder: none ? "off" : null,
    "aria-describedby": field.describedBy(),
    ...attributes,
    input: () => {
      if (box.value !== "") field.set(Number(box.value));
      else if (none && !box.validity.badInput) field.set(null);
    },
    change: () => showNumber(box, field.state.get(field.name), true),
  });
  return box;
}

/** Show a number, and leave alone a box that is typed in and says the same in other digits. */
function showNumber(box, value, always = false) {
  const typing = document.activeElement === box && !always;
  if (typing && (box.value === "" || Number(box.value) === value)) return;
  const text = typeof value === "number" ? String(value) : "";
  if (box.value !== text) box.value = text;
}

class NumberField extends Field {
  constructor(setting, state) {
    super(setting, state);
    this.box = numberBox(this, setting.name);
    this.assemble(this.box, [this.label(), this.box]);
  }

  showValue(value) {
    showNumber(this.box, value);
  }
}

class SliderField extends Field {
  constructor(setting, state, range) {
    super(setting, state);
    this.box = numberBox(this, `${setting.name}-number`, { "aria-label": `${setting.label}, as a number` });
    this.slider = make("input", {
      type: "range",
      id: setting.name,
      min: 0,
      "aria-describedby": this.describedBy(),
      input: () => this.set(this.scale.value(Number(this.slider.value))),
      keydown: (event) => this.page(event),
    });
    this.setRange({ ...range, high: range.high ?? LARGEST_SIZE });
    this.assemble(this.slider, [this.label(), this.box], this.slider);
  }

  setRange(range) {
    this.scale = scaleOf(this.name, range);
    this.slider.max = this.scale.steps;
  }

  /** Move by a tenth of the slider: browsers differ in what these keys do. */
  page(event) {
    const way = { PageUp: 1, PageDown: -1 }[event.key];
    if (way === undefined) return;
    event.preventDefault();
    this.slider.value = Number(this.slider.value) + Math.round((way * this.scale.steps) / 10);
    this.set(this.scale.value(Number(this.slider.value)));
  }

  showValue(value) {
    showNumber(this.box, value);
    const number = typeof value === "number" ? value : this.setting.default;
    if (this.scale.value(Number(this.slider.value)) !== number) this.slider.value = this.scale.place(number);
    this.off.hidden = value !== this.setting.default; // the default of each of these leaves all as it is
    this.slider.style.setProperty("--part", this.slider.value / this.scale.steps);
    const shown = value === this.setting.default ? `${written(value)}, the default` : written(value);
    this.slider.setAttribute("aria-valuetext", shown);
  }
}

class ChoiceField extends Field {
  constructor(setting, state) {
    super(setting, state);
    this.choices = setting.choices ?? [false, true];
    this.menu = make(
      "select",
      {
        id: setting.name,
        "aria-describedby": this.describedBy(),
        change: () => this.set(this.choices[this.menu.selectedIndex], null),
      },
      ...this.choices.map((choice) => make("option", {}, written(choice))),
    );
    this.assemble(this.menu, [this.label(), this.menu]);
  }

  showValue(value) {
    this.menu.selectedIndex = this.choices.indexOf(value);
  }
}

/** The menu of orders: those by name, the temperature last, and one of the user's own, which moving a stage makes. */
class OrderField extends Field {
  constructor(setting, state, orders, last) {
    super(setting, state);
    this.names = Object.keys(orders).filter((name) => name !== LAST);
    this.own = make("option", { hidden: true }, "an order of your own");
    this.menu = make(
      "select",
      { id: setting.name, "aria-describedby": this.describedBy(), change: () => this.choose(this.menu.value) },
      ...this.names.map((name) => make("option", { value: name }, name)),
      make("option", { value: LAST }, last.label),
      this.own,
    );
    this.hint = make("p", { class: "hint" });
    this.assemble(this.menu, [this.label(), this.menu], this.hint);
  }

  choose(name) {
    const settings = { ...this.state.settings };
    delete settings[LAST];
    delete settings[this.name];
    if (name === LAST) settings[LAST] = true;
    else if (name !== this.setting.default) settings[this.name] = name;
    this.state.change({ settings });
  }

  set() {
    this.choose(this.setting.default);
  }

  show() {
    const last = this.state.get(LAST);
    const value = this.state.get(this.name);
    const own = !this.names.includes(value);
    this.own.hidden = !own;
    this.menu.selectedIndex = last ? this.names.length : own ? this.names.length + 1 : this.names.indexOf(value);
    this.hint.hidden = !own;
    setText(this.hint, own ? written(value) : "");
    this.element.classList.toggle("changed", last || value !== this.setting.default);
    this.reset.hidden = !last && value === this.setting.default;
  }
}

function fieldOf(setting, state) {
  return setting.kind === "float" || setting.kind === "int" ? new NumberField(setting, state) : new ChoiceField(setting, state);
}

/** Settings of one stage stand together, under its name. */
function groups(fields, labels) {
  const groups = [];
  for (const field of fields) {
    const last = groups.at(-1);
    if (last && last.stage === field.setting.stage) last.fields.push(field);
    else groups.push({ stage: field.setting.stage, fields: [field] });
  }
  return groups.map(({ stage, fields: own }) => {
    const elements = own.map((field) => field.element);
    if (own.length === 1) return elements[0];
    return make("fieldset", { class: "group" }, make("legend", {}, labels[stage]), ...elements);
  });
}

export class Controls {
  constructor(about, state) {
    this.state = state;
    this.about = about;
    const { settings, sliders, orders, stages } = about;
    const labels = Object.fromEntries(stages.map(({ name, label }) => [name, label]));
    const named = (name) => settings.find((setting) => setting.name === name);
    this.sliders = settings.filter((setting) => setting.common).map((setting) => new SliderField(setting, state, sliders[setting.name]));
    this.order = new OrderField(named("order"), state, orders, named(LAST));
    this.others = settings.filter(isField).map((setting) => fieldOf(setting, state));
    this.fields = [...this.sliders, this.order, ...this.others];
    byId("sliders").append(...this.sliders.map((field) => field.element));
    byId("order-field").replaceWith(this.order.element);
    byId("others").append(...groups(this.others, labels));
    this.makePresets();
    byId("reset").addEventListener("click", () => state.change({ settings: {} }));
  }

  makePresets() {
    const menu = byId("preset");
    this.own = make("option", { value: "" }, "settings of your own");
    menu.append(this.own, ...this.about.presets.map((preset) => make("option", { value: preset.name }, preset.name)));
    menu.addEventListener("change", () => {
      const preset = this.about.presets.find(({ name }) => name === menu.value);
      if (preset) this.state.change({ settings: { ...preset.settings } });
      else this.show();
    });
  }

  /** Say how many tokens the model has, where the slider for their number ends. */
  setSize(size) {
    const field = this.sliders.find(({ name }) => name === "top_k");
    if (field.size === size) return;
    field.size = size;
    field.setRange({ ...this.about.sliders.top_k, high: size });
    field.show();
  }

  /** Show the settings of the state. */
  show() {
    this.fields.forEach((field) => field.show());
    const same = (preset) => sameSettings(preset.settings, this.state.settings);
    const preset = this.about.presets.find(same);
    byId("preset").value = preset ? preset.name : "";
    setText(byId("preset-says"), preset ? preset.says : "");
    const changed = this.others.filter(({ name }) => name in this.state.settings).length;
    setText(byId("drawer-count"), changed ? `${count(changed)} changed` : "");
    byId("reset").disabled = Object.keys(this.state.settings).length === 0;
  }

  /** Show what the server refused beside the control that it names; returns whether there is one. */
  showError(refusal) {
    const named = refusal ? refusal.setting : null;
    let found = false;
    for (const field of this.fields) {
      const names = field === this.order ? [field.name, LAST] : [field.name];
      const hit = names.includes(named);
      found ||= hit;
      setText(byId(`${field.name}-error`), hit ? refusal.message : "");
      for (const input of [field.main, field.box]) {
        if (!input) continue;
        if (hit) input.setAttribute("aria-invalid", "true");
        else input.removeAttribute("aria-invalid");
      }
      if (hit && this.others.includes(field)) byId("drawer").open = true;
    }
    return found;
  }
}

/** Whether two sets of settings are the same, in whatever order they are named. */
export function sameSettings(one, other) {
  const sorted = (settings) => JSON.stringify(Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1)));
  return sorted(one) === sorted(other);
}

// The page: what is asked when what changes, and where the answers go.

import { Following, Newest, Refusal, about, ask, askForLines } from "./api.js";
import { COLUMNS, NextToken, TokenTable } from "./bars.js";
import { Controls } from "./controls.js";
import { byId, make, setText } from "./elements.js";
import { copy, saveImage, saveTokens } from "./export.js";
import { barsFigure, image } from "./figures.js";
import { listenToKeys } from "./keys.js";
import { SettingsMap } from "./map.js";
import { Sides, described } from "./sides.js";
import { State, seedOf } from "./state.js";
import { Texts } from "./texts.js";
import { count, counted, stageLabels } from "./words.js";

/** Chosen, in milliseconds: after the last key; after the last change, for what is heavy or is read rather than looked at. */
const TYPING_MS = 150;
const MAP_MS = 400;
const TEXTS_MS = 600;

const DRAWS = 1000;
const TEXTS = 4;
const FOUND = 10;

/** Characters of the prompt above a chart that is saved. Chosen: two lines. */
const PROMPT_END = 200;

/** What the page begins with where the address says nothing. */
const PROMPT = "The future of artificial intelligence is";
/** Chosen: new seeds are short enough to be told. */
const SEEDS = 1_000_000;

class Page {
  constructor(offered) {
    this.about = offered;
    this.state = new State(offered.settings, { model: offered.models[0].name, prompt: PROMPT, seed: 1 });
    this.controls = new Controls(offered, this.state);
    this.labels = stageLabels(offered.stages);
    this.sides = new Sides(this.state);
    this.next = new NextToken(this.labels, (stage, other) => this.moveEarlier(stage, other));
    this.map = new SettingsMap(this.state, (temperature, topP) => this.goTo(temperature, topP));
    this.texts = new Texts((more) => this.goOn(more));
    this.found = new TokenTable(byId("found"), this.labels, COLUMNS.filter(({ name }) => name !== "bar" && name !== "drawn"));
    this.makeQuestions();
    this.makeFields();
    this.makeExports();
    this.makeKeys();
    this.state.listen((changed) => this.changed(changed));
    this.show();
    this.askAll();
  }

  // Questions

  makeQuestions() {
    this.questions = {
      next: new Following((answer) => this.showNext(answer), (refusal) => this.showNextError(refusal)),
      map: new Newest((answer) => this.showMap(answer), (refusal) => this.showMapError(refusal)),
      texts: new Newest(() => {}, (refusal) => this.showTextsError(refusal)),
      find: new Newest((answer) => this.showFound(answer), (refusal) => this.showFindError(refusal)),
      draws: new Newest((answer) => this.showDraws(answer), (refusal) => setText(byId("draws-say"), refusal.message)),
    };
  }

  body(more = {}) {
    const { model, prompt, settings } = this.state;
    return { model, prompt, settings, ...more };
  }

  changed(changed) {
    this.show();
    const asksAnew = changed.includes("prompt") || changed.includes("model");
    if (changed.includes("settings") || asksAnew || changed.includes("seed")) this.askNext(asksAnew);
    if (changed.includes("settings") || asksAnew) this.askFind(TYPING_MS);
    this.askMap(MAP_MS);
    if (byId("keep-up").checked) this.askTexts(TEXTS_MS);
    else this.questions.texts.cancel();
  }

  askAll() {
    this.askNext(false);
    this.askMap(1);
    this.askTexts(1);
  }

  askNext(asksAnew) {
    byId("bars").setAttribute("aria-busy", "true");
    this.questions.draws.cancel();
    setText(byId("draws-say"), "");
    const body = this.body({ seed: this.state.seed });
    const question = (signal) => ask("/api/next", body, signal);
    if (asksAnew) this.questions.next.ask(question, TYPING_MS);
    else this.questions.next.follow(question);
    clearTimeout(this.loading);
    this.loading = setTimeout(() => setText(byId("loading"), "The model is at work …"), 500);
  }

  /** The map is the same wherever on it we are. */
  askMap(pause) {
    const others = { ...this.state.settings };
    delete others.temperature;
    delete others.top_p;
    const body = { ...this.body(), settings: others };
    const key = JSON.stringify([body.model, body.prompt, Object.entries(others).sort()]);
    if (key === this.mapKey) {
      this.map.follow();
      return;
    }
    this.mapKey = key;
    byId("map").setAttribute("aria-busy", "true");
    this.questions.map.ask((signal) => ask("/api/map", body, signal), pause);
  }

  askTexts(pause) {
    const sides = this.sides.settings();
    const { model, prompt, seed } = this.state;
    const body = { model, prompt, sides, seed, count: TEXTS };
    const headings = this.sides.headings();
    this.questions.texts.ask((signal) => {
      setText(byId("texts-error"), "");
      this.texts.begin(headings, TEXTS, body);
      return askForLines("/api/texts", body, signal, (line) => this.takeLine(line));
    }, pause);
  }

  askFind(pause) {
    const text = byId("find").value;
    byId("found-frame").hidden = text === "";
    if (text === "") {
      this.questions.find.cancel();
      setText(byId("found-say"), "");
      return;
    }
    const body = this.body({ text, limit: FOUND });
    this.questions.find.ask((signal) => ask("/api/find", body, signal), pause);
  }

  askDraws() {
    if (!this.next.answer) return;
    const ids = this.next.answer.rows.map((row) => row.id);
    const body = this.body({ seed: this.state.seed, count: DRAWS, ids });
    this.questions.draws.ask((signal) => ask("/api/draws", body, signal));
  }

  // Answers

  showNext(answer) {
    this.settle();
    this.showNextError(null);
    this.controls.setSize(answer.size);
    this.next.show(answer);
    this.map.setHere(answer.after);
    byId("next").classList.remove("empty");
    const words = answer.unknown.map((word) => `“${word}”`).join(", ");
    setText(byId("unknown"), words ? `The model does not know ${words}: all unknown words are one and the same to it.` : "");
  }

  /** Show what the server refused beside the control that it names. */
  showNextError(refusal) {
    this.settle();
    this.refusal = refusal;
    if (refusal) this.map.setHere(null);
    const atControl = this.controls.showError(refusal);
    const field = refusal && /^(model|prompt) must/.exec(refusal.message)?.[1];
    for (const name of ["model", "prompt"]) setText(byId(`${name}-error`), field === name ? refusal.message : "");
    const elsewhere = atControl ? this.pointedAt(refusal) : field ? `See ${field}, above.` : null;
    setText(byId("next-error"), refusal ? (elsewhere ?? refusal.message) : "");
    byId("next").classList.toggle("stale", refusal !== null);
  }

  settle() {
    clearTimeout(this.loading);
    setText(byId("loading"), "");
    byId("bars").setAttribute("aria-busy", "false");
  }

  /** Where a message stands beside a control, others say where. */
  pointedAt(refusal) {
    const { label } = this.state.table.get(refusal.setting);
    return `${this.next.answer ? "This is of earlier settings. " : ""}See ${label} in the settings.`;
  }

  /** Show in a place of its own what was refused, or where else it stands. */
  refuse(place, refusal) {
    const told = this.refusal && this.refusal.setting && this.refusal.message === refusal.message;
    setText(byId(place), told ? this.pointedAt(refusal) : refusal.message);
  }

  showMap(answer) {
    setText(byId("map-error"), "");
    byId("map").setAttribute("aria-busy", "false");
    byId("map-card").classList.remove("stale");
    return this.map.show(answer);
  }

  showMapError(refusal) {
    this.mapKey = null;
    byId("map").setAttribute("aria-busy", "false");
    byId("map-card").classList.add("stale");
    this.refuse("map-error", refusal);
  }

  showTextsError(refusal) {
    this.texts.clear();
    this.refuse("texts-error", refusal);
  }

  takeLine(line) {
    if (line.error) throw new Refusal(line.error);
    if (line.done) this.texts.done();
    else if (line.end) this.texts.end(line.end);
    else this.texts.take(line);
  }

  showFound({ tokens, count: total }) {
    const rest = total > tokens.length ? `; these are the first ${tokens.length}` : "";
    setText(byId("found-say"), total ? `${counted(total, "token has", "tokens have")} this in it${rest}.` : "No token has this in it.");
    byId("found-frame").hidden = total === 0;
    this.found.show(tokens);
  }

  showFindError(refusal) {
    byId("found-frame").hidden = true;
    this.refuse("found-say", refusal);
  }

  showDraws({ counts, other }) {
    this.next.showDraws({ counts, other, total: DRAWS });
    const seen = counts.filter((number) => number > 0).length;
    const others = other ? `, and ${count(other)} times a token that is not shown` : "";
    setText(byId("draws-say"), `${count(DRAWS)} draws from seed ${this.state.seed}: ${counted(seen, "of these tokens", "of these tokens")} came up${others}.`);
  }

  // What is shown of the state itself

  show() {
    const { state } = this;
    this.controls.show();
    this.sides.show();
    if (byId("prompt").value !== state.prompt) byId("prompt").value = state.prompt;
    byId("model").value = state.model;
    if (seedOf(byId("seed").value) !== state.seed) byId("seed").value = state.seed;
    setText(byId("seed-error"), "");
    const unread = state.unread.join(", ");
    setText(byId("notice"), unread ? `The link has ${unread}, which this page cannot read.` : "");
  }

  // What changes the state

  makeFields() {
    const { state } = this;
    const models = this.about.models.map(({ name }) => make("option", {}, name));
    byId("model").append(...models);
    byId("model").addEventListener("change", () => state.change({ model: byId("model").value }));
    byId("prompt").addEventListener("input", () => state.change({ prompt: byId("prompt").value }, "prompt"));
    byId("seed").addEventListener("input", () => {
      const seed = seedOf(byId("seed").value);
      if (seed !== null) state.change({ seed }, "seed");
      setText(byId("seed-error"), seed === null ? `Seed must be a whole number, 0 or more; it is still ${state.seed}.` : "");
    });
    byId("new-seed").addEventListener("click", () => this.newSeed());
    byId("draw").addEventListener("click", () => this.askDraws());
    byId("clear-draws").addEventListener("click", () => {
      this.next.showDraws(null);
      setText(byId("draws-say"), "");
      byId("draw").focus();
    });
    byId("find").addEventListener("input", () => this.askFind(TYPING_MS));
    byId("write").addEventListener("click", () => this.askTexts(0));
    byId("keep-up").addEventListener("change", () => byId("keep-up").checked && this.askTexts(0));
  }

  newSeed() {
    this.state.change({ seed: crypto.getRandomValues(new Uint32Array(1))[0] % SEEDS });
  }

  goTo(temperature, topP) {
    const settings = { ...this.state.settings, temperature, top_p: topP };
    this.state.change({ settings: this.state.withoutDefaults(settings) });
  }

  goOn(prompt) {
    this.state.change({ prompt });
    byId("prompt").focus();
  }

  /** Make an order of one's own: that of now, with a stage before another. */
  moveEarlier(stage, other) {
    const { settings } = this.state;
    const order = this.state.get("order");
    const names = settings.temperature_last ? this.about.temperature_last : typeof order === "string" ? this.about.orders[order] : order;
    const own = names.filter((name) => name !== stage);
    own.splice(own.indexOf(other), 0, stage);
    this.state.change({ settings: this.state.withoutDefaults({ ...settings, temperature_last: false, order: own }) });
  }

  // What leaves the page

  makeExports() {
    const { state } = this;
    const name = (what, format) => `thermonucleus-${what}.${format}`;
    const lines = () => [`“${state.prompt.slice(-PROMPT_END)}”`, `${state.model}, ${described(state.settings, state.table)}`];
    byId("bars-csv").addEventListener("click", () => saveTokens(this.next.rows(), name("tokens", "csv")));
    for (const format of ["png", "svg"]) {
      const bars = () => image(barsFigure(this.next.rows(), lines(), this.labels), format);
      byId(`bars-${format}`).addEventListener("click", () => saveImage(bars, name("tokens", format)));
      byId(`map-${format}`).addEventListener("click", () => saveImage(() => this.map.image(format, lines()), name("map", format)));
    }
    byId("copy-link").addEventListener("click", () => copy(state.link(), "Link"));
    byId("copy-python").addEventListener("click", () => copy(this.next.answer?.python ?? "", "Python"));
  }

  makeKeys() {
    const focus = (id) => () => byId(id).focus();
    listenToKeys({
      t: ["go to temperature", focus("temperature")],
      k: ["go to top-k", focus("top_k")],
      p: ["go to top-p", focus("top_p")],
      m: ["go to min-p", focus("min_p")],
      r: ["a new seed", () => this.newSeed()],
      b: ["pin the settings as A", () => this.sides.pin()],
      "/": ["go to the prompt", focus("prompt")],
    });
  }
}

about().then(
  (offered) => new Page(offered),
  (error) => setText(byId("notice"), error.message),
);

// The continuations of A and B: words shaded by how probable the model found them, which open their alternatives.

import { byId, make, setText } from "./elements.js";
import { counted, percent, showToken } from "./words.js";

/** How a word is shaded: from these probabilities on; the last is for all others. Chosen. */
const SHADES = [0.5, 0.2, 0.05, 0.01, 0];

/** Characters of the prompt before a text. Chosen: some words. */
const LEAD = 24;

function shade(p) {
  return SHADES.findIndex((least) => p >= least);
}

/** The last words of a prompt, which a text goes on from. */
function endOf(prompt) {
  if (prompt.length <= LEAD) return prompt;
  const end = prompt.slice(-LEAD);
  return `…${end.slice(end.search(/\s|$/))}`;
}

/** Text whose line breaks can be seen, as they are tokens like any other. */
function withSigns(text) {
  return text.split(/(?=\n)/).map((part) => {
    if (!part.startsWith("\n")) return document.createTextNode(part);
    return make("span", {}, make("span", { class: "sign", "aria-hidden": "true" }, "↵"), part);
  });
}

/** The texts of one side, as they come. */
class Side {
  constructor(name, heading, count, lead) {
    this.texts = Array.from({ length: count }, () => ({ words: [], ended: false }));
    this.lines = this.texts.map((_, place) => make("li", { "aria-label": `${name}, text ${place + 1}` }, make("span", { class: "lead" }, lead)));
    this.element = make("div", { class: "side" }, make("h3", {}, heading), make("ol", {}, ...this.lines));
  }
}

export class Texts {
  /** `goOn` is called with a prompt that is longer. */
  constructor(goOn) {
    this.goOn = goOn;
    this.sides = {};
    this.popup = new Alternatives(byId("alternatives"), byId("texts"), (word, piece) => this.choose(word, piece));
    byId("shades").replaceChildren(
      ...SHADES.map((least, place) => {
        const text = place === SHADES.length - 1 ? `less than ${100 * SHADES[place - 1]}%` : `${100 * least}% or more`;
        return make("span", { class: `shade-${place}` }, text);
      }),
    );
  }

  /** Make room for texts: the headings of the sides by their names. */
  begin(headings, count, { prompt, seed }) {
    this.popup.close();
    const lead = endOf(prompt);
    this.sides = Object.fromEntries(Object.entries(headings).map(([name, heading]) => [name, new Side(name, heading, count, lead)]));
    byId("texts").replaceChildren(...Object.values(this.sides).map((side) => side.element));
    byId("texts").setAttribute("aria-busy", "true");
    this.prompt = prompt;
    this.seed = seed;
    setText(byId("texts-sentence"), "Writing …");
  }

  /** Take a token. */
  take(line) {
    const side = this.sides[line.side];
    const { words } = side.texts[line.text];
    const word = make("span", {
      class: `word shade-${shade(line.p)}`,
      role: "button",
      tabindex: words.length ? -1 : 0,
      "aria-haspopup": "true",
    });
    word.append(...withSigns(line.piece || "¶"));
    if (line.piece === "") {
      // The end of a sentence, or a part of a character: nothing to see, and a token like any other.
      word.classList.add("silent");
      word.setAttribute("aria-label", line.name);
    }
    Object.assign(word, { line, words });
    words.push(word);
    side.lines[line.text].append(word);
  }

  /** The model ends a text. */
  end({ side, text }) {
    this.sides[side].texts[text].ended = true;
    this.sides[side].lines[text].append(make("span", { class: "ended", title: "The model ends its text here." }, " ■ end"));
  }

  /** All texts are there. */
  done() {
    byId("texts").setAttribute("aria-busy", "false");
    const names = Object.keys(this.sides);
    const each = counted(this.sides[names[0]].texts.length, "text");
    const sides = names.length > 1 ? " of A and of B, each pair drawn with the same random numbers" : "";
    setText(byId("texts-sentence"), `${each}${sides}, from seed ${this.seed}.`);
  }

  clear() {
    this.popup.close();
    byId("texts").replaceChildren();
    byId("texts").setAttribute("aria-busy", "false");
    setText(byId("texts-sentence"), "");
  }

  choose(word, piece) {
    const before = word.words.slice(0, word.words.indexOf(word)).map((one) => one.line.piece);
    this.popup.close();
    this.goOn(this.prompt + before.join("") + piece);
  }
}

/** The list of alternatives to a word, beside it: for the pointer while it is on either, for the keyboard until Escape. */
class Alternatives {
  constructor(element, texts, choose) {
    this.element = element;
    this.choose = choose;
    this.word = null;
    texts.addEventListener("pointerover", (event) => this.over(event.target));
    texts.addEventListener("pointerout", () => this.closeSoon());
    element.addEventListener("pointerover", () => clearTimeout(this.closing));
    element.addEventListener("pointerout", () => this.closeSoon());
    texts.addEventListener("focusin", (event) => this.over(event.target));
    texts.addEventListener("click", (event) => this.enter(event.target));
    texts.addEventListener("keydown", (event) => this.wordKey(event));
    element.addEventListener("keydown", (event) => this.listKey(event));
    for (const one of [texts, element]) one.addEventListener("focusout", () => this.closeSoon());
  }

  over(target) {
    clearTimeout(this.closing);
    if (target.line && target !== this.word) this.open(target);
  }

  /** Chosen: time enough to move the pointer from a word to its list. */
  closeSoon() {
    clearTimeout(this.closing);
    this.closing = setTimeout(() => {
      const focused = document.activeElement;
      if (focused !== this.word && !this.element.contains(focused)) this.close();
    }, 250);
  }

  open(word) {
    this.close();
    this.word = word;
    word.classList.add("open");
    word.setAttribute("aria-expanded", "true");
    const { line } = word;
    const largest = Math.max(line.p, ...line.alternatives.map(({ p, q }) => Math.max(p, q ?? 0)));
    const says = make("p", {}, line.q === null ? "The model’s own probabilities" : "The model’s own → with the settings");
    const head = make("p", {}, "Drawn: ", token(line), ` ${percent(line.p)}`, line.q === null ? "" : ` → ${percent(line.q)}`);
    const list = make("ul", {}, ...line.alternatives.map((one) => make("li", {}, this.button(one, largest))));
    this.element.replaceChildren(head, says, list);
    this.element.hidden = false;
    this.place(word);
  }

  button(alternative, largest) {
    const { p, q, piece, id } = alternative;
    const drawn = id === this.word.line.id;
    const bar = make("i", { class: "mini", "aria-hidden": "true" });
    bar.style.setProperty("--part", (q ?? p) / largest);
    const numbers = make("span", { class: "numbers" }, q === null ? percent(p) : `${percent(p)} → ${q > 0 ? percent(q) : "cut"}`);
    return make(
      "button",
      { type: "button", class: drawn ? "drawn" : null, click: () => this.choose(this.word, piece) },
      token(alternative),
      bar,
      numbers,
    );
  }

  /** Below the word, inside the card. */
  place(word) {
    const card = this.element.offsetParent.getBoundingClientRect();
    const [box] = word.getClientRects();
    const left = Math.min(box.left - card.left, card.width - this.element.offsetWidth - 8);
    this.element.style.left = `${Math.max(8, left)}px`;
    this.element.style.top = `${box.bottom - card.top + 4}px`;
  }

  close() {
    clearTimeout(this.closing);
    if (!this.word) return;
    this.word.classList.remove("open");
    this.word.removeAttribute("aria-expanded");
    this.word = null;
    this.element.hidden = true;
  }

  /** Go from a word into its list. */
  enter(target) {
    if (!target.line) return;
    this.over(target);
    this.element.querySelector("button")?.focus({ preventScroll: true });
  }

  moveTo(word) {
    if (!word) return;
    word.words.forEach((one) => one.setAttribute("tabindex", one === word ? 0 : -1));
    word.focus();
  }

  wordKey(event) {
    const word = event.target;
    if (!word.line) return;
    const place = word.words.indexOf(word);
    const last = word.words.length - 1;
    const moves = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: last };
    if (event.key in moves) this.moveTo(word.words[moves[event.key]]);
    else if (["Enter", " ", "ArrowDown"].includes(event.key)) this.enter(word);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
  }

  listKey(event) {
    const buttons = [...this.element.querySelectorAll("button")];
    const place = buttons.indexOf(document.activeElement);
    const { word } = this;
    if (event.key === "ArrowDown") buttons[Math.min(place + 1, buttons.length - 1)].focus();
    else if (event.key === "ArrowUp") (place > 0 ? buttons[place - 1] : word).focus();
    else if (event.key === "Escape") word.focus();
    else if (event.key === "ArrowRight") this.moveTo(word.words[word.words.indexOf(word) + 1]);
    else if (event.key === "ArrowLeft") this.moveTo(word.words[word.words.indexOf(word) - 1]);
    else return;
    event.preventDefault();
  }
}

function token({ name }) {
  const element = make("span", { class: "token" });
  showToken(element, name);
  return element;
}

// The next token: a table whose bars are drawn by its style, so that what is seen and what is read out is one thing.

import { byId, make, setText } from "./elements.js";
import { bits, count, counted, percent, showToken, visible, written } from "./words.js";

/** The columns of a table of tokens: heading, class, and what stands in a cell. */
export const COLUMNS = [
  { heading: "Rank", name: "rank", show: (cell, row) => setText(cell, row.rank === null ? "–" : count(row.rank)) },
  { heading: "Token", name: "token", show: showName },
  { heading: make("span", { class: "unseen" }, "Chart"), name: "bar", show: showBar },
  { heading: "After", name: "after", show: showAfter },
  { heading: "Before", name: "before", show: (cell, row) => setText(cell, percent(row.before)) },
  { heading: "Drawn", name: "drawn", show: (cell, row) => setText(cell, row.drawn === undefined ? "" : count(row.drawn)) },
];

function showName(cell, row) {
  if (cell.title === row.name && cell.firstChild) return;
  cell.title = row.name; // where it is too long for its column
  showToken(cell, row.name);
}

function setWidth(element, part) {
  element.style.setProperty("--part", part);
}

function bar() {
  const parts = ["after", "cut", "before", "drawn"].map((name) => make("i", { class: name }));
  return make("div", { class: "track", "aria-hidden": "true" }, ...parts);
}

function showBar(cell, row, scale) {
  if (!cell.firstChild) cell.append(bar());
  const [after, cut, before, drawn] = cell.firstChild.children;
  const isCut = row.after === 0;
  after.hidden = isCut;
  cut.hidden = !isCut || row.before === 0;
  drawn.hidden = !row.share;
  setWidth(after, row.after / scale);
  setWidth(cut, row.before / scale);
  setWidth(before, row.before / scale);
  if (row.share !== undefined) setWidth(drawn, row.share / scale);
}

function showAfter(cell, row, scale, labels) {
  if (row.after > 0) setText(cell, percent(row.after));
  else if (row.cut_by) setText(cell, `✕ ${labels[row.cut_by]}`);
  else setText(cell, row.before > 0 ? "0%" : "cannot follow");
}

/** A table of tokens, of which the rows that are there are filled anew. */
export class TokenTable {
  /** `labels` are those of the stages, by name. */
  constructor(table, labels, columns = COLUMNS) {
    this.table = table;
    this.labels = labels;
    this.columns = columns;
    this.body = table.tBodies[0];
    table.tHead.append(make("tr", {}, ...columns.map(({ heading, name }) => make("th", { scope: "col", class: name }, heading))));
  }

  show(rows, scale) {
    while (this.body.rows.length > rows.length) this.body.deleteRow(-1);
    while (this.body.rows.length < rows.length) {
      const cells = this.columns.map(({ name }) => (name === "token" ? make("th", { scope: "row", class: name }) : make("td", { class: name })));
      this.body.append(make("tr", {}, ...cells));
    }
    rows.forEach((row, place) => {
      const line = this.body.rows[place];
      line.className = row.after === 0 ? "is-cut" : "";
      this.columns.forEach(({ show }, column) => show(line.cells[column], row, scale, this.labels));
    });
    this.table.classList.toggle("has-draws", rows.some((row) => row.drawn !== undefined));
  }
}

/** The length of a bar that is as wide as its column: the largest share of any kind. */
function scaleOf(rows) {
  return Math.max(1e-9, ...rows.flatMap((row) => [row.before, row.after, row.share ?? 0]));
}

function fact(name, ...value) {
  return make("div", {}, make("dt", {}, name), make("dd", {}, ...value));
}

function stageName(text) {
  return make("span", { class: "stage-name" }, text);
}

export class NextToken {
  /** `labels` are those of the stages; `moveEarlier` is called with the names of a stage and of the one before it, where the first is to come before. */
  constructor(labels, moveEarlier) {
    this.labels = labels;
    this.table = new TokenTable(byId("bars"), labels);
    this.moveEarlier = moveEarlier;
    this.answer = null;
    this.draws = null;
  }

  /** The rows as they are shown, with what was drawn. */
  rows() {
    if (!this.draws) return this.answer.rows;
    const { counts, total } = this.draws;
    return this.answer.rows.map((row, place) => ({ ...row, drawn: counts[place], share: counts[place] / total }));
  }

  show(answer) {
    this.answer = answer;
    this.draws = null;
    setText(byId("next-sentence"), answer.sentence);
    this.showFacts();
    this.showStages();
    this.showSpecial();
    this.showRows();
  }

  /** Show what was drawn: {counts, other, total}, or null for nothing. */
  showDraws(draws) {
    this.draws = draws;
    this.showRows();
  }

  showRows() {
    const rows = this.rows();
    this.table.show(rows, scaleOf(rows));
    const { rest } = this.answer;
    const drawn = this.draws ? `, ${count(this.draws.other)} drawn` : "";
    const text = `and ${count(rest.count)} more: ${percent(rest.before)} before, ${percent(rest.after)} after, ${count(rest.kept)} kept${drawn}`;
    const foot = byId("bars").tFoot;
    if (!foot.rows.length) foot.append(make("tr", {}, make("td"), make("td", { colspan: COLUMNS.length - 1 })));
    setText(foot.rows[0].cells[1], rest.count ? text : "and no more");
    byId("legend-drawn").hidden = !this.draws;
    byId("clear-draws").hidden = !this.draws;
  }

  showFacts() {
    const { before, after, possible } = this.answer;
    const change = (was, now) => [make("span", { class: "was" }, was), " → ", make("strong", {}, now)];
    byId("facts").replaceChildren(
      fact("Tokens", ...change(count(possible), count(after.kept))),
      fact("Entropy", ...change(before.entropy.toFixed(2), bits(after.entropy))),
      fact("Largest probability", ...change(percent(before.largest), percent(after.largest))),
    );
  }

  showStages() {
    const { possible, stages } = this.answer;
    const first = make("li", {}, make("div", { class: "stage" }, stageName("can follow"), make("strong", {}, count(possible))));
    byId("stages").replaceChildren(first, ...stages.map((stage, place) => this.stage(stage, stages[place - 1])));
  }

  stage({ stage, settings, kept, ties }, before) {
    const values = Object.entries(settings).map(([name, value]) => (name === stage ? written(value) : `${name.replaceAll("_", " ")} ${written(value)}`));
    const name = stageName(`${this.labels[stage]} ${values.join(", ")}`);
    const number = make("strong", {}, count(kept));
    const equal = ties ? make("span", { class: "ties" }, `${count(ties)} equal to the last`) : null;
    const label = before && `Move ${this.labels[stage]} before ${this.labels[before.stage]}`;
    const move = before && make("button", { type: "button", class: "quiet move", "aria-label": label, title: label }, "‹");
    if (move) move.addEventListener("click", () => this.moveEarlier(stage, before.stage));
    return make("li", {}, make("div", { class: "stage" }, move ?? null, name, number, equal));
  }

  showSpecial() {
    const { possible, size, special } = this.answer;
    const rest = size - possible;
    const names = special.map((name) => `“${visible(name)}”`).join(", ");
    const more = rest > special.length ? " and others" : "";
    setText(byId("special"), rest ? `${counted(rest, "token")} cannot follow: ${names}${more}.` : "");
  }
}

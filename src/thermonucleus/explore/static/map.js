// The map: what each pair of temperature and top-p makes of the next token. A click, or the arrow keys and Enter, goes there.

import { byId, make, setText } from "./elements.js";
import { colour, image, layout, loadPlotly, titled } from "./figures.js";
import { bits, count, counted, percent } from "./words.js";

const MEASURES = {
  kept: {
    title: "tokens kept",
    says: (value) => counted(value, "token kept", "tokens kept"),
    shown: count,
    height: (value) => Math.log10(value),
    ticks: (low, high) => powers(low, high),
  },
  largest: { title: "largest probability", says: (value) => `largest probability ${percent(value)}`, shown: percent, height: (value) => value },
  entropy: { title: "entropy, bits", says: bits, shown: (value) => value.toFixed(2), height: (value) => value },
};

/** Chosen. */
const FOLLOW_MS = 120;
const FILE = { width: 800, height: 560 };

const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, 0], ArrowDown: [-1, 0] };

/** Ticks at the powers of ten, written as counts. */
function powers(low, high) {
  const ticks = [];
  for (let power = Math.ceil(low); power <= Math.floor(high); power += 1) ticks.push(power);
  return { tickvals: ticks, ticktext: ticks.map((power) => count(10 ** power)) };
}

/** Where a value is among the places of a grid: a number of steps from the first, with a fraction. */
function placeAmong(grid, value) {
  if (value <= grid[0]) return 0;
  const after = grid.findIndex((one) => one >= value);
  if (after < 0) return grid.length - 1;
  return after - 1 + (value - grid[after - 1]) / (grid[after] - grid[after - 1]);
}

/** Whether the scale of colours goes below the map, as there is no room beside it. */
function isNarrow({ width }) {
  return width < 480;
}

export class SettingsMap {
  /** `state` is where we are; `go` is called with a temperature and a top-p. */
  constructor(state, go) {
    this.state = state;
    this.go = go;
    this.answer = null;
    this.here = null;
    this.cursor = null;
    this.frame = byId("map");
    this.chart = byId("map-chart");
    this.frame.addEventListener("keydown", (event) => this.key(event));
    this.frame.addEventListener("blur", () => this.setCursor(null));
    document.getElementsByName("measure").forEach((radio) => radio.addEventListener("change", () => this.renew()));
    byId("map-table-toggle").addEventListener("toggle", () => this.showTable());
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.renew());
    new ResizeObserver(() => this.draw()).observe(this.frame);
  }

  measure() {
    return document.querySelector("input[name=measure]:checked").value;
  }

  show(answer) {
    this.answer = answer;
    this.cursor = null;
    return this.renew();
  }

  async renew() {
    if (!this.answer) return;
    this.heat = this.cells();
    this.showTable();
    await this.draw();
  }

  /** Where a side's settings are, in steps of the grid. */
  place(settings) {
    const value = (name) => settings[name] ?? this.state.table.get(name).default;
    return [placeAmong(this.answer.temperatures, value("temperature")), placeAmong(this.answer.top_ps, value("top_p"))];
  }

  /** Have the dot follow, a few times a second: a slider that is held leaves no time for more. */
  follow() {
    this.following ??= setTimeout(() => {
      this.following = null;
      this.draw();
    }, FOLLOW_MS);
  }

  /** Draw the map with a dot where we are. */
  async draw() {
    if (!this.answer) return;
    const library = await loadPlotly();
    const figure = this.figure(this.size());
    await library.react(this.chart, figure.data, figure.layout, { displayModeBar: false, doubleClick: false, showTips: false });
    if (!this.listening) {
      this.listening = true;
      this.chart.on("plotly_click", ({ points }) => this.goTo(points[0].pointIndex ?? points[0].pointNumber));
    }
    this.showSentence();
  }

  /** As wide as there is room, and not as high; on a phone higher, for the scale of colours below. */
  size() {
    const width = this.frame.clientWidth;
    const height = Math.min(420, Math.max(260, 0.7 * width));
    return { width, height: isNarrow({ width }) ? height + 70 : height };
  }

  figure(size) {
    const beside = { title: { text: MEASURES[this.measure()].title, side: "right" } };
    const below = { orientation: "h", yref: "container", y: 0, yanchor: "bottom" };
    const colorbar = { ...this.heat.colorbar, ...(isNarrow(size) ? below : beside) };
    return { data: [{ ...this.heat, colorbar }, ...this.dots()], layout: this.layout(size) };
  }

  /** The cells. They are the same arrays until the answer or the measure is another, so that plotly sees that it can leave them. */
  cells() {
    const { temperatures, top_ps: topPs } = this.answer;
    const name = this.measure();
    const { says, height, ticks } = MEASURES[name];
    const values = this.answer[name];
    const flat = values.flat().map(height);
    const [low, high] = [Math.min(...flat), Math.max(...flat)];
    return {
      type: "heatmap",
      z: values.map((row) => row.map(height)),
      text: temperatures.map((t, i) => topPs.map((p, j) => `temperature ${t}, top-p ${p}<br><b>${says(values[i][j])}</b>`)),
      hovertemplate: "%{text}<extra></extra>",
      colorscale: ["map-low", "map-middle", "map-high"].map((part, place) => [place / 2, colour(part)]),
      zmin: low,
      zmax: high > low ? high : low + 1,
      xgap: 1,
      ygap: 1,
      colorbar: { thickness: 12, outlinewidth: 0, len: 1, ...ticks?.(low, high) },
    };
  }

  /** Dots where we are, and where A is; a frame for what the arrow keys chose. */
  dots() {
    const sides = this.state.pinned ? { A: this.state.pinned, B: this.state.settings } : { "": this.state.settings };
    const places = Object.values(sides).map((settings) => this.place(settings));
    const dots = {
      type: "scatter",
      mode: "markers+text",
      x: places.map(([, x]) => x),
      y: places.map(([y]) => y),
      text: Object.keys(sides),
      textfont: { color: colour("on-dot"), size: 11 },
      hoverinfo: "skip",
      marker: { size: this.state.pinned ? 20 : 14, color: colour("dot"), line: { color: colour("dot-ring"), width: 2 } },
      cliponaxis: false,
    };
    const [y, x] = this.cursor ?? [];
    const cursor = {
      type: "scatter",
      mode: "markers",
      x: this.cursor ? [x] : [],
      y: this.cursor ? [y] : [],
      hoverinfo: "skip",
      marker: { symbol: "square-open", size: 20, color: colour("ink"), line: { width: 3 } },
      cliponaxis: false,
    };
    return [dots, cursor];
  }

  layout(size) {
    const { temperatures, top_ps: topPs } = this.answer;
    const axis = (title, values) => {
      const step = Math.ceil(values.length / 10);
      const ticks = values.map((_, place) => place).filter((place) => (values.length - 1 - place) % step === 0);
      return { title: { text: title }, tickvals: ticks, ticktext: ticks.map((place) => String(values[place])), showgrid: false };
    };
    const hoverlabel = { bgcolor: colour("card"), bordercolor: colour("muted"), font: { color: colour("ink") }, align: "left" };
    return layout({
      ...size,
      xaxis: { ...axis("top-p", topPs), range: [-0.5, topPs.length - 0.5] },
      yaxis: { ...axis("temperature", temperatures), range: [-0.5, temperatures.length - 0.5] },
      hoverlabel,
      margin: { l: 8, r: 8, t: 12, b: isNarrow(size) ? 96 : 8 },
    });
  }

  /** Take what the next token's settings come to, by measure, null if they are refused: between cells the map cannot tell. */
  setHere(here) {
    this.here = here;
    this.showSentence();
  }

  showSentence() {
    if (!this.answer) return;
    const { says, shown } = MEASURES[this.measure()];
    const values = this.answer[this.measure()].flat();
    const here = this.here ? `Here: ${says(this.here[this.measure()])}. ` : "";
    setText(byId("map-sentence"), `${here}Over the map: from ${shown(Math.min(...values))} to ${shown(Math.max(...values))}.`);
  }

  goTo([i, j]) {
    this.go(this.answer.temperatures[i], this.answer.top_ps[j]);
  }

  key(event) {
    if (!this.answer) return;
    const move = ARROWS[event.key];
    if (move) {
      event.preventDefault();
      const from = this.cursor ?? this.place(this.state.settings).map(Math.round);
      const ends = [this.answer.temperatures.length - 1, this.answer.top_ps.length - 1];
      this.setCursor(from.map((place, axis) => Math.min(Math.max(place + move[axis], 0), ends[axis])));
    } else if ((event.key === "Enter" || event.key === " ") && this.cursor) {
      event.preventDefault();
      this.goTo(this.cursor);
    }
  }

  setCursor(place) {
    if (place === null && this.cursor === null) return;
    this.cursor = place;
    const [i, j] = place ?? [];
    const says = place && MEASURES[this.measure()].says(this.answer[this.measure()][i][j]);
    setText(byId("map-place"), place ? `Temperature ${this.answer.temperatures[i]}, top-p ${this.answer.top_ps[j]}: ${says}.` : "");
    this.draw();
  }

  showTable() {
    if (!byId("map-table-toggle").open || !this.answer) return;
    const { temperatures, top_ps: topPs } = this.answer;
    const { title, shown } = MEASURES[this.measure()];
    const head = make("tr", {}, make("td"), ...topPs.map((p) => make("th", { scope: "col" }, `top-p ${p}`)));
    const lines = this.answer[this.measure()].map((values, i) =>
      make("tr", {}, make("th", { scope: "row" }, `T ${temperatures[i]}`), ...values.map((value) => make("td", {}, shown(value)))),
    );
    const caption = make("caption", {}, `Map of ${title}, by temperature (T) and top-p`);
    byId("map-table-frame").replaceChildren(make("table", { class: "grid" }, caption, make("thead", {}, head), make("tbody", {}, ...lines)));
  }

  /** The map as a file of its own, under a title: the address of its data. */
  image(format, lines) {
    const { data, layout: inner } = this.figure(FILE);
    return image({ data, layout: { ...inner, ...titled(lines, FILE) } }, format);
  }
}

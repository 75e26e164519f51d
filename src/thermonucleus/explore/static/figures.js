// Plotly, and the charts that it draws: the map, and the bars where they go into a file.

import { Refusal } from "./api.js";
import { visible } from "./words.js";

let plotly = null;

/** Load plotly's script, which is large, when it is first needed. */
export function loadPlotly() {
  plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "/plotly.js";
    script.addEventListener("load", () => resolve(window.Plotly));
    script.addEventListener("error", () => {
      plotly = null; // to be tried anew
      reject(new Refusal("The script that draws the charts cannot be loaded."));
    });
    document.head.append(script);
  });
  return plotly;
}

/** Plotly reads some HTML in its texts; a token has none. */
function plain(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A colour of the page as it is now, which depends on whether it is dark. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** What all charts share. */
export function layout(parts) {
  const ink = colour("ink");
  const axis = { color: colour("muted"), gridcolor: colour("line"), zeroline: false, fixedrange: true, ticks: "", automargin: true };
  const { xaxis, yaxis, ...rest } = parts;
  return {
    font: { family: "system-ui, sans-serif", size: 13, color: ink },
    paper_bgcolor: colour("card"),
    plot_bgcolor: colour("card"),
    margin: { l: 8, r: 8, t: 8, b: 8 },
    dragmode: false,
    showlegend: false,
    xaxis: { ...axis, ...xaxis },
    yaxis: { ...axis, ...yaxis },
    ...rest,
  };
}

const ROW_PX = 22;
const LINE_PX = 20;
const EDGE_PX = 16;

/** Chosen: as many letters as fit beside each other in the pictures that are saved. */
const LINE = 100;

/** Break a text at its spaces into lines that fit, and a word that does not fit where it must. */
function broken(text) {
  return text.match(new RegExp(`.{1,${LINE}}(?= |$)|.{1,${LINE}}`, "gs")).map((line) => line.trim());
}

/** The size of a chart of so many pixels with a title of lines above it, and the title; `between` them may be a legend. */
export function titled(lines, { width, height, between = 0 }) {
  const [first, ...others] = lines.flatMap(broken).map(plain);
  const text = [`<b>${first}</b>`, ...others].join("<br>");
  const top = 2 * EDGE_PX + LINE_PX * (1 + others.length) + between;
  const y = 1 - (EDGE_PX + 0.6 * LINE_PX) / (top + height); // of the foot of the first line, whatever plotly calls it
  return {
    width,
    height: top + height,
    margin: { l: EDGE_PX, r: EDGE_PX, t: top, b: EDGE_PX },
    title: { text, font: { size: 14 }, x: 0, xref: "container", xanchor: "left", y, yref: "container", yanchor: "top", pad: { l: EDGE_PX } },
  };
}

/** The table of tokens as a chart: bars after, ticks before, outlines with crosses for what was cut, circles for what was drawn. */
export function barsFigure(rows, lines, labels) {
  const kept = (row) => row.after > 0;
  const drawn = (row) => row.share > 0;
  const card = colour("card");
  const places = (which) => rows.map((_, place) => place).filter((place) => which(rows[place]));
  const trace = (parts, which, length) => ({ ...parts, y: places(which), x: rows.filter(which).map(length) });
  const bars = { type: "bar", orientation: "h" };
  const points = { type: "scatter", mode: "markers" };
  const cut = {
    ...bars,
    name: "cut",
    marker: {
      color: card,
      line: { color: colour("muted"), width: 1 },
      pattern: { shape: "x", fgcolor: colour("muted"), bgcolor: card, size: 6, solidity: 0.1 },
    },
    text: rows.filter((row) => !kept(row)).map((row) => (row.cut_by ? `✕ ${labels[row.cut_by]}` : "")),
    textposition: "outside",
    textfont: { color: colour("muted") },
  };
  const before = { ...points, name: "before: the model’s own", marker: { symbol: "line-ns-open", size: 14, line: { width: 2 }, color: colour("ink") } };
  const circles = { ...points, name: "share of the draws", marker: { symbol: "circle", size: 9, color: card, line: { width: 2, color: colour("drawn") } } };
  const data = [
    trace({ ...bars, name: "after the settings", marker: { color: colour("accent") } }, kept, (row) => row.after),
    trace(cut, (row) => !kept(row), (row) => row.before),
    trace(before, kept, (row) => row.before),
    trace(circles, drawn, (row) => row.share),
  ].filter(({ y }) => y.length);
  return {
    data,
    layout: layout({
      ...titled(lines, { width: 900, height: 60 + ROW_PX * rows.length, between: 30 }),
      barmode: "overlay",
      bargap: 0.25,
      showlegend: true,
      legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom", traceorder: "normal" },
      xaxis: { tickformat: ",.0~%", rangemode: "tozero", title: { text: "probability" } },
      yaxis: {
        range: [rows.length - 0.5, -0.5],
        tickvals: rows.map((_, place) => place),
        ticktext: rows.map((row) => plain(visible(row.name))),
        showgrid: false,
      },
    }),
  };
}

/** Draw a figure into a file: the address of its data. `format` is "png" or "svg". */
export async function image(figure, format) {
  const library = await loadPlotly();
  const { width, height } = figure.layout;
  return library.toImage(figure, { format, width, height, scale: format === "png" ? 2 : 1 });
}

// What is taken away from the page: files, and what goes to the clipboard.

import { byId, setText } from "./elements.js";

function download(address, name) {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

/** Save a chart: `draw` promises the address of its data. */
export async function saveImage(draw, name) {
  try {
    download(await draw(), name);
  } catch (error) {
    setText(byId("copied"), error.message);
  }
}

/** Save rows of tokens as CSV, with all digits. */
export function saveTokens(rows, name) {
  const columns = ["rank", "id", "name", "before", "after", "cut_by", ...(rows.some((row) => row.drawn !== undefined) ? ["drawn"] : [])];
  const cell = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const lines = rows.map((row) => columns.map((column) => cell(String(row[column] ?? ""))).join(","));
  const address = URL.createObjectURL(new Blob([[columns.join(","), ...lines, ""].join("\r\n")], { type: "text/csv" }));
  download(address, name);
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Copy a text, and say so. */
export async function copy(text, what) {
  const said = byId("copied");
  try {
    await navigator.clipboard.writeText(text);
    setText(said, `${what} copied.`);
  } catch {
    setText(said, `The browser does not let the page copy. ${what}: ${text}`);
    return;
  }
  setTimeout(() => setText(said, ""), 4000);
}

// How tokens and numbers are written.

const COUNT = new Intl.NumberFormat("en");

/** Write a token so that its spaces and line breaks can be seen. */
export function visible(name) {
  return name.replace(/^ /, "␣").replace(/\n/g, "↵").replace(/\t/g, "⇥");
}

/** Fill an element with a token: the signs for spaces and line breaks are faint, and no part of the text that is copied. */
export function showToken(element, name) {
  const parts = name.split(/(^ |\n|\t)/).filter((part) => part !== "");
  element.replaceChildren(
    ...parts.map((part) => {
      if (!/^( |\n|\t)$/.test(part)) return document.createTextNode(part);
      const sign = document.createElement("span");
      sign.className = "sign";
      sign.textContent = visible(part);
      return sign;
    }),
  );
}

/** Write a count with commas between the thousands. */
export function count(number) {
  return COUNT.format(number);
}

/** Write a probability as a percentage, with three digits or so. */
export function percent(p) {
  if (p === 0) return "0%";
  const hundredths = 100 * p;
  if (hundredths < 0.001) return "<0.001%";
  const digits = hundredths >= 99.95 ? 0 : hundredths >= 10 ? 1 : hundredths >= 0.1 ? 2 : 3;
  return `${hundredths.toFixed(digits)}%`;
}

/** Write a number of bits. */
export function bits(number) {
  return `${Math.abs(number).toFixed(2)} bits`;
}

/** Write a noun with its count. */
export function counted(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** Write the value of a setting. */
export function written(value) {
  if (value === null) return "none";
  if (Array.isArray(value)) return value.join(", ");
  if (value === true) return "on";
  if (value === false) return "off";
  return String(value);
}

/** The labels of stages by their names, as they stand within a sentence. */
export function stageLabels(stages) {
  return Object.fromEntries(stages.map(({ name, label }) => [name, inSentence(label)]));
}

/** Write a label within a sentence: with a small letter, unless it is an abbreviation. */
export function inSentence(label) {
  return /^.[A-Z]/.test(label) ? label : label.charAt(0).toLowerCase() + label.slice(1);
}

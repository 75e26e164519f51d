// Where a value is on a slider: sliders run from 0 to STEPS, and are fine where small differences matter.

/** Chosen: fine enough that a step is not seen, coarse enough that holding an arrow key crosses the slider in seconds. */
export const STEPS = 200;

/** Two digits that count: what is on a slider is short to read and to tell. */
function short(value) {
  return Number(value.toPrecision(2));
}

/** Even steps. */
function even({ low, high, step }) {
  const digits = Math.max(0, Math.ceil(-Math.log10(step)));
  return {
    steps: Math.round((high - low) / step),
    value: (place) => Number((low + place * step).toFixed(digits)),
    place: (value) => Math.round((value - low) / step),
  };
}

/** The different values that a function of the part of the slider, from 0 to 1, has at its steps. */
function listed(value) {
  return [...new Set(Array.from({ length: STEPS + 1 }, (_, place) => value(place / STEPS)))];
}

/** From 1 to the size of the vocabulary, each step as many times as many; the end on the right keeps all, which is written 0. */
function counts({ high }) {
  const below = listed((part) => short(Math.round(high ** part))).filter((value) => value < high);
  return nearest([...below, 0], (value) => (value === 0 ? Infinity : value));
}

/** Fine near 1: the distance to it falls by its square. */
function fineNearOne({ low, high }) {
  return nearest(listed((part) => Number((high - short((high - low) * (1 - part) ** 2)).toFixed(4))));
}

/** Fine near 0: the third power. */
function fineNearZero({ low, high }) {
  return nearest(listed((part) => Number((low + short((high - low) * part ** 3)).toFixed(4))));
}

/** A scale of listed values, which a value that is not among them is put next to. */
function nearest(list, size = (value) => value) {
  return {
    steps: list.length - 1,
    value: (place) => list[place],
    place: (value) => {
      const wanted = size(value);
      const after = list.findIndex((listed) => size(listed) >= wanted);
      if (after <= 0) return after === 0 ? 0 : list.length - 1;
      return wanted - size(list[after - 1]) < size(list[after]) - wanted ? after - 1 : after;
    },
  };
}

const SCALES = { temperature: even, top_k: counts, top_p: fineNearOne, min_p: fineNearZero };

/** The scale of a setting's slider: its number of steps, the value at each, and the step nearest to a value. */
export function scaleOf(name, range) {
  return (SCALES[name] ?? even)(range);
}

// Formats numbers and times for people, and makes elements without markup: data from streams only ever become text.

export const ms = value => value == null ? "–" : value < 1 ? `${value.toFixed(2)} ms` : value < 100 ? `${value.toFixed(1)} ms` : value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;

export const count = value => {
  if (value == null || value < 0) return "–";
  for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]]) if (value >= 10 * size) return `${(value / size).toFixed(value >= 100 * size ? 0 : 1)} ${unit}`;
  return value >= 100 || Number.isInteger(value) ? Math.round(value).toLocaleString("en") : value.toFixed(1);
};

export const bytes = value => {
  if (value == null || value < 0) return "–";
  for (const [unit, size] of [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]]) if (value >= size) return `${(value / size).toFixed(1)} ${unit}`;
  return `${Math.round(value)} B`;
};

export const time = msSinceEpoch => new Date(msSinceEpoch).toISOString().slice(11, 23);

export const uptime = value => {
  const seconds = Math.max(0, Math.floor(value / 1000));
  const parts = [[Math.floor(seconds / 86400), "d"], [Math.floor(seconds / 3600) % 24, "h"], [Math.floor(seconds / 60) % 60, "min"], [seconds % 60, "s"]];
  const first = parts.findIndex(([n]) => n > 0);
  return parts.slice(first < 0 ? 3 : first, (first < 0 ? 3 : first) + 2).map(([n, unit]) => `${n} ${unit}`).join(" ");
};

export const quantile = (sorted, q) => sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];

export const mean = values => values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;

/** Makes an HTML element with attributes and children; strings become text. */
export function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** Makes an SVG element in the same way. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter(child => child != null));
  return node;
}

/** Makes a term and its value, for a definition list. */
export const fact = (term, value, kind) => element("div", {}, element("dt", {}, term), element("dd", { class: kind }, String(value)));

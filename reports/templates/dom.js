// Elements, and numbers as the page writes them. Text from records only ever becomes text nodes and attribute values.

const SVG = "http://www.w3.org/2000/svg";

/** Give an element attributes and children; null attributes and children are left out. */
const filled = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
};

export const el = (name, attributes, ...children) => filled(document.createElement(name), attributes, children);

export const svg = (name, attributes, ...children) => filled(document.createElementNS(SVG, name), attributes, children);

export const icon = (tone) => svg("svg", { class: `icon t-${tone}`, "aria-hidden": "true" }, svg("use", { href: `#i-${tone}` }));

/** Return a grade with its icon and its word. */
export const badge = (data, grade) => el("span", { class: "badge" }, icon(data.tones[grade]), grade);

/** Return a name in fixed width. */
export const code = (name) => el("code", {}, name);

/** Return text that only a screen reader says. */
export const hiddenText = (text) => el("span", { class: "hidden" }, text);

/** Return a name that may be broken after its underscores. */
export const breakable = (name) => name.split(/(?<=_)/).flatMap((piece) => [piece, el("wbr")]);

/** Return a link out of the page when the address is one of the web, otherwise its text. */
export const link = (address, text) =>
  /^https?:\/\/[^\s]+$/.test(address) ? el("a", { href: address, rel: "noopener noreferrer nofollow" }, text) : el("span", {}, address);

/** Return a term and its value for a definition list, or null where there is no value. */
export const fact = (name, ...value) =>
  value[0] === null || value[0] === "" ? null : el("div", {}, el("dt", {}, name), el("dd", {}, ...value));

const INTEGER = new Intl.NumberFormat("en");

/** Return a count with commas between its thousands. */
export const count = (number) => INTEGER.format(number);

export const plural = (number, noun, nouns = `${noun}s`) => `${count(number)} ${number === 1 ? noun : nouns}`;

/** Return a value of a result with every digit it needs; what is not finite is text already. */
export const number = (value) => (value === null || value === undefined ? "–" : Object.is(value, -0) ? "-0" : String(value));

/** Return part of total in per cent; 0 % and 100 % only where they are exact. */
export const percent = (part, total) => {
  if (!total) return "–";
  if (part === 0 || part === total) return `${(100 * part) / total} %`;
  return `${Math.min(Math.max((100 * part) / total, 0.1), 99.9).toFixed(1)} %`;
};

/** Return how much of the bound was used: 0.42, or 12× where it was exceeded. */
export const share = (error) => {
  if (Number.isNaN(error)) return "";
  if (error === Infinity) return "not finite";
  if (error === 0) return "0";
  if (error < 0.01) return error.toExponential(0);
  if (error <= 1) return error.toFixed(2);
  return `${error < 10 ? error.toFixed(1) : error < 1e6 ? count(Math.round(error)) : error.toExponential(0)}×`;
};

export const duration = (seconds) => {
  if (seconds < 1e-3) return `${Math.round(seconds * 1e6)} µs`;
  return seconds < 1 ? `${(seconds * 1e3).toPrecision(2)} ms` : `${seconds.toPrecision(2)} s`;
};

/** Return an index or a shape as NumPy writes it. */
export const tuple = (entries) => `(${entries.join(", ")}${entries.length === 1 ? "," : ""})`;

/** Return a size per axis. */
export const times = (entries) => entries.join(" × ") || "–";

/** Return padding per axis: 1 on both sides, or lo before and hi after. */
export const pairs = (entries) => entries.map(([lo, hi]) => (lo === hi ? `${lo}` : `(${lo}, ${hi})`)).join(" × ") || "–";

// The smallest case that still fails, with its arrays as tables a plane.

import { el, number, tuple } from "./dom.js";

const MOST_PLANES = 24;

const shapeOf = (array) => (Array.isArray(array) ? [array.length, ...(array.length ? shapeOf(array[0]) : [])] : []);

/** Return the planes of an array: the leading index of each, and its rows. */
const planesOf = (array, index = []) => {
  const rank = shapeOf(array).length;
  if (rank === 0) return [{ index, rows: [[array]] }];
  if (rank === 1) return [{ index, rows: [array] }];
  if (rank === 2) return [{ index, rows: array }];
  return array.flatMap((inner, position) => planesOf(inner, [...index, position]));
};

const entryAt = (array, index) => index.reduce((inner, position) => (inner === undefined ? inner : inner[position]), array);

const cell = (entry, differs) => el("td", { class: differs ? "differs" : null }, number(entry));

/** Return a plane as a table; entries that differ from those of `other` stand out. */
const table = ({ index, rows }, other) => {
  const against = other === null ? null : planesOf(other).find((plane) => String(plane.index) === String(index))?.rows;
  const differs = (row, column) => against && String(entryAt(against, [row, column])) !== String(rows[row][column]);
  return el(
    "table",
    { class: "array" },
    index.length ? el("caption", {}, `[${index.join(", ")}]`) : null,
    el("tbody", {}, ...rows.map((row, y) => el("tr", {}, ...row.map((entry, x) => cell(entry, differs(y, x)))))),
  );
};

/** Return an array with its name and shape. */
export const array = (name, entries, other = null) => {
  if (entries === null || entries === undefined) return null;
  const planes = planesOf(entries);
  const left = planes.length - MOST_PLANES;
  return el(
    "div",
    { class: "operand" },
    el("h5", {}, name, " ", el("span", { class: "soft" }, tuple(shapeOf(entries)))),
    el("div", { class: "planes" }, ...planes.slice(0, MOST_PLANES).map((plane) => table(plane, other))),
    left > 0 ? el("p", { class: "soft" }, `and ${left} planes more`) : null,
  );
};

/** Return the smallest failing case of a verdict. */
export const smallestCase = (smallest) =>
  el(
    "section",
    { class: "smallest" },
    el("h4", {}, "The smallest case that still fails"),
    smallest.words ? el("p", {}, smallest.words) : null,
    smallest.call ? el("p", {}, el("code", {}, smallest.call)) : null,
    el("div", { class: "operands" }, ...Object.entries(smallest.operands ?? {}).map(([name, entries]) => array(name, entries))),
    el("div", { class: "operands" }, array("got", smallest.got, smallest.want), array("wanted", smallest.want), array("difference", smallest.difference)),
    smallest.error ? el("p", { class: "message" }, smallest.error) : null,
  );

// Error maps: a plane of the result, an element a pixel, from exact by way of the bound to not finite.

import { el, svg, tuple } from "./dom.js";
import { cellsOf } from "./data.js";

const SIDE = 230;
const LARGEST = 22;

/** Return the address of a picture of the cells, one pixel each. */
const pictureOf = ({ shape: [rows, columns], cells }, palette) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  cellsOf(cells).forEach((cell, index) => image.data.set([...palette[cell], cell === 0 ? 0 : 255], 4 * index));
  context.putImageData(image, 0, 0);
  return canvas.toDataURL("image/png");
};

/** Return row and column of the worst element when it lies in the plane. */
const worstCell = (map, worst) => {
  const index = worst?.index ?? [];
  const last = index.slice(map.index.length);
  if (map.index.some((entry, axis) => entry !== index[axis]) || !last.length || last.length > 2) return null;
  const [row, column] = last.length === 2 ? last : [0, ...last];
  return row >= 0 && row < map.shape[0] && column >= 0 && column < map.shape[1] ? [row, column] : null;
};

const key = (kind, text) => el("span", {}, el("i", { class: `s-${kind}` }), text);

export const errorMap = (map, worst, palette) => {
  const [rows, columns] = map.shape;
  const side = Math.max(1, Math.min(LARGEST, Math.floor(SIDE / Math.max(rows, columns))));
  const cell = worstCell(map, worst);
  const where = map.index.length ? `plane ${tuple(map.index)} of the result` : "the result";
  const label = `Error on ${where}, ${rows} × ${columns} elements`;
  return el(
    "figure",
    { class: "map" },
    el(
      "div",
      { class: "plane" },
      el("span", { class: "axis rows" }, `${map.axes.at(-2) ?? ""} 0…${rows - 1}`),
      svg(
        "svg",
        { class: "cells", viewBox: `0 0 ${columns} ${rows}`, width: side * columns, height: side * rows, role: "img", "aria-label": label },
        svg("image", { href: pictureOf(map, palette), width: columns, height: rows, preserveAspectRatio: "none" }),
        cell ? svg("rect", { class: "worst", x: cell[1], y: cell[0], width: 1, height: 1 }) : null,
      ),
      el("span", { class: "axis columns" }, `${map.axes.at(-1) ?? ""} 0…${columns - 1}`),
    ),
    el(
      "figcaption",
      {},
      label,
      el(
        "span",
        { class: "key" },
        key("exact", "exact"),
        key("within", "within the bound"),
        key("over", "over the bound, log scale"),
        key("not-finite", "not finite, or no error allowed"),
        cell ? key("worst", "worst element") : null,
      ),
    ),
  );
};

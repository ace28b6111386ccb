// A drawing of a case's geometry: the image with its padding, the taps for one element of the result, where windows start.

import { el, pairs, svg, times, tuple } from "./dom.js";

const WIDTH = 300;
const LARGEST = 18;
const NARROWEST = 12;
const MOST_PLANES = 4;
const EDGE = 8;

/** Return one axis: where the padded image begins and ends, and where each window starts, in elements of the image. */
const axisOf = (description, number) => {
  const sizes = [description.input_size, description.kernel_size, description.stride, description.dilation];
  const [size, taps, step, dilation] = sizes.map((perAxis) => perAxis[number]);
  const [lo, hi] = description.padding[number] ?? [0, 0];
  return { size, taps, step, dilation, lo, hi, windows: description.output_size[number] ?? 0 };
};

const NARROW = { size: 1, taps: 1, step: 1, dilation: 1, lo: 0, hi: 0, windows: 1 };

/** Return the index in the result whose taps are drawn: the one given, or the middle. */
const windowAt = (axis, index) => Math.min(Math.max(index ?? Math.floor((axis.windows - 1) / 2), 0), Math.max(axis.windows - 1, 0));

/** Return where the taps of a window lie, in elements of the image. */
const tapsAt = (axis, window) => Array.from({ length: axis.taps }, (_, tap) => window * axis.step + tap * axis.dilation - axis.lo);

/** Return the elements that a drawing has to show along an axis. */
const reach = (axis) => ({ start: Math.min(0, -axis.lo), end: Math.max(axis.size, axis.size + axis.hi) });

const extent = (axis) => Math.max(reach(axis).end - reach(axis).start, 1);

const rect = (kind, x, y, width, height) => svg("rect", { class: kind, x, y, width: Math.max(width, 0), height: Math.max(height, 0) });

/** Return the lines between elements as one path. */
const lines = (columns, rows, side) => {
  const across = Array.from({ length: columns + 1 }, (_, index) => `M${index * side.x} 0V${rows * side.y}`);
  const down = Array.from({ length: rows + 1 }, (_, index) => `M0 ${index * side.y}H${columns * side.x}`);
  return svg("path", { class: "grid", d: [...across, ...down].join("") });
};

/** Return small triangles beside an axis, one where each window starts. */
const starts = (axis, span, side, chosen, triangle) =>
  axis.windows > 200
    ? []
    : Array.from({ length: axis.windows }, (_, window) =>
        svg("path", { class: window === chosen ? "start chosen" : "start", d: triangle((window * axis.step - axis.lo - span.start + 0.5) * side) }),
      );

const crop = (axis) => ({ from: Math.max(0, -axis.lo), to: Math.min(axis.size, axis.size + axis.hi) });

/** Return a rectangle of elements: from and to on each axis, in elements of the image. */
const area = (kind, spans, side, [left, right], [top, bottom]) =>
  rect(kind, (left - spans.x.start) * side.x, (top - spans.y.start) * side.y, (right - left) * side.x, (bottom - top) * side.y);

/** Return the image, what is cropped of it, and its padding. */
const ground = (rows, columns, spans, side) => {
  const padded = [columns, rows].map((axis) => [-axis.lo, axis.size + axis.hi]);
  const uncropped = [columns, rows].map((axis) => [crop(axis).from, crop(axis).to]);
  return [
    area("padded", spans, side, ...padded),
    area("cropped", spans, side, [0, columns.size], [0, rows.size]),
    area("image", spans, side, ...uncropped),
  ];
};

/** Return the taps of the window, a little smaller than the elements they lie on. */
const tapsOf = (rows, columns, at, spans, side) => {
  const inset = { x: Math.min(1.5, side.x / 6), y: Math.min(1.5, side.y / 6) };
  const tap = (x, y) =>
    rect(
      "tap",
      (x - spans.x.start) * side.x + inset.x,
      (y - spans.y.start) * side.y + inset.y,
      side.x - 2 * inset.x,
      side.y - 2 * inset.y,
    );
  return tapsAt(rows, at.row).flatMap((y) => tapsAt(columns, at.column).map((x) => tap(x, y)));
};

const plane = (rows, columns, at, side, label) => {
  const spans = { x: reach(columns), y: reach(rows) };
  const [width, height] = [extent(columns) * side.x + EDGE + 3, extent(rows) * side.y + EDGE + 3];
  const wing = Math.min(3, Math.max(side.x / 3, 1));
  const over = (x) => `M${x - wing} ${1 - EDGE}h${2 * wing}l${-wing} 5z`;
  const beside = (y) => `M${1 - EDGE} ${y - wing}v${2 * wing}l5 ${-wing}z`;
  return svg(
    "svg",
    { class: "geometry", viewBox: `${-EDGE - 1} ${-EDGE - 1} ${width} ${height}`, width, height, role: "img", "aria-label": label },
    ...ground(rows, columns, spans, side),
    side.x > 4 ? lines(extent(columns), extent(rows), side) : null,
    at.worst ? area("worst", spans, side, [at.worst[1], at.worst[1] + 1], [at.worst[0], at.worst[0] + 1]) : null,
    ...(at.hasTaps ? tapsOf(rows, columns, at, spans, side) : []),
    ...starts(columns, spans.x, side.x, at.column, over),
    ...(rows === NARROW ? [] : starts(rows, spans.y, side.y, at.row, beside)),
  );
};

/** Return the leading indices of the planes to draw: those that the taps of the leading axes reach. */
const planesOf = (leading, chosen) =>
  leading
    .reduce((indices, axis, number) => indices.flatMap((index) => tapsAt(axis, chosen[number]).map((tap) => [...index, tap])), [[]])
    .slice(0, MOST_PLANES);

const key = (kind, text) => el("span", {}, el("i", { class: `k-${kind}` }), text);

/** Return the caption: every number, then what the colours mean. */
const caption = (description, chosen, worst) =>
  el(
    "figcaption",
    {},
    `Image ${times(description.input_size)}, padding ${pairs(description.padding)}, kernel ${times(description.kernel_size)}, `,
    `stride ${times(description.stride)}, dilation ${times(description.dilation)}: result ${times(description.output_size)}.`,
    el(
      "span",
      { class: "key" },
      key("image", "image"),
      key("padded", "padding"),
      key("cropped", "cropped away"),
      key("tap", `kernel taps for result ${tuple(chosen)}`),
      key("start", "a window starts"),
      worst ? key("worst", "worst element") : null,
    ),
  );

/** Return the drawing of a case as a figure; `worst` indexes the worst element of an array that is an input, an output or a filter. */
export const geometry = (description, result, worst) => {
  if (!description.input_size?.length) return null;
  const axes = description.input_size.map((_, number) => axisOf(description, number));
  const spatial = worst?.length === axes.length + 2 ? worst.slice(2) : null;
  const inOutput = result === "output" ? spatial : null;
  const inImage = result === "input" ? spatial : null;
  const chosen = axes.map((axis, number) => windowAt(axis, inOutput?.[number]));
  const [rows, columns] = [axes.at(-2) ?? NARROW, axes.at(-1)];
  const length = Math.min(LARGEST, WIDTH / Math.max(extent(rows), extent(columns)));
  const side = { x: length, y: rows === NARROW ? Math.max(length, NARROWEST) : length };
  const at = { row: chosen.at(-2) ?? 0, column: chosen.at(-1), hasTaps: axes.every((axis) => axis.windows > 0) };
  const figures = planesOf(axes.slice(0, -2), chosen).map((index) => {
    const hasWorst = inImage && index.every((entry, number) => entry === inImage[number]);
    const worstCell = hasWorst ? [inImage.at(-2) ?? 0, inImage.at(-1)] : null;
    const label = `Geometry${index.length ? ` at ${tuple(index)}` : ""}: taps of the kernel on the padded image`;
    const drawing = plane(rows, columns, { ...at, worst: worstCell }, side, label);
    return index.length ? el("div", { class: "slice" }, drawing, el("span", {}, `plane ${index.join(", ")}`)) : drawing;
  });
  return el("figure", { class: "drawing" }, el("div", { class: "slices" }, ...figures), caption(description, chosen, inImage));
};

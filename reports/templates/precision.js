// How much of the allowed error was used: a histogram for each operation, adapter and dtype, all on one logarithmic axis.

import { breakable, code, count, el, percent, share, hiddenText, svg } from "./dom.js";

const [LOW, HIGH, PER_DECADE] = [-4, 4, 6];
const BINS = (HIGH - LOW) * PER_DECADE;
const [HEIGHT, BAR] = [34, 4];
const EDGE = 2 * BAR;
const TICKS = { "10⁻⁴": -4, "1 %": -2, bound: 0, "100×": 2, "10⁴×": 4 };

/** Return the bin of an error: 0 holds exact answers, the last what is not finite. */
const binOf = (error) => {
  if (error === 0) return 0;
  if (error === Infinity) return BINS + 1;
  return 1 + Math.min(BINS - 1, Math.max(0, Math.floor((Math.log10(error) - LOW) * PER_DECADE)));
};

/** Return where a bin begins, in units of the drawing. */
const leftOf = (bin) => (bin === 0 ? 0 : bin > BINS ? EDGE + BINS * BAR + BAR : EDGE + (bin - 1) * BAR);

const SPAN = EDGE + BINS * BAR + 2 * BAR;
const BOUND = EDGE - LOW * PER_DECADE * BAR;

const empty = () => ({ bins: new Uint32Array(BINS + 2), answers: 0, exact: 0, over: 0, largest: 0, accumulators: new Map() });

/** Gather the errors, accumulators and exact answers of each dtype, operation and adapter. */
const gathered = (data) => {
  const cells = new Map();
  for (let row = 0; row < data.count; row += 1) {
    const error = data.errors[row];
    if (Number.isNaN(error)) continue;
    const key = ["dtype", "op", "adapter"].map((field) => data.columns[field][row]).join();
    if (!cells.has(key)) cells.set(key, empty());
    const cell = cells.get(key);
    cell.bins[binOf(error)] += 1;
    cell.answers += 1;
    cell.exact += data.exact(row) ? 1 : 0;
    cell.over += error > 1 ? 1 : 0;
    cell.largest = Math.max(cell.largest, error);
    const accumulator = data.text("accumulator", row);
    if (accumulator) cell.accumulators.set(accumulator, (cell.accumulators.get(accumulator) ?? 0) + 1);
  }
  return cells;
};

/** Return the bars of some bins as one path; heights go with the root of the count, so that a single answer is seen. */
const bars = (bins, from, to) => {
  const most = Math.sqrt(Math.max(...bins));
  const paths = [];
  for (let bin = from; bin < to; bin += 1) {
    if (!bins[bin]) continue;
    const height = Math.max(2, (Math.sqrt(bins[bin]) / most) * (HEIGHT - 2));
    paths.push(`M${leftOf(bin)} ${HEIGHT}v${-height.toFixed(1)}h${BAR - 0.6}v${height.toFixed(1)}z`);
  }
  return paths.join("");
};

const strip = (cell, label) => {
  const bound = binOf(1.0000001);
  return svg(
    "svg",
    { class: "strip", viewBox: `0 0 ${SPAN} ${HEIGHT + 1}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    svg("path", { class: "axis", d: `M0 ${HEIGHT + 0.5}H${SPAN}` }),
    svg("path", { class: "within", d: bars(cell.bins, 0, bound) }),
    svg("path", { class: "over", d: bars(cell.bins, bound, BINS + 2) }),
    svg("path", { class: "limit", d: `M${BOUND} 0V${HEIGHT}` }),
  );
};

/** Return the cell of an operation and an adapter. */
const tableCell = (cell, adapter) => {
  if (!cell) return el("td", { class: "empty", "data-label": adapter }, "no answer");
  const accumulators = [...cell.accumulators].sort((a, b) => b[1] - a[1]);
  const exact = percent(cell.exact, cell.answers);
  const label = `${count(cell.answers)} answers, largest error ${share(cell.largest)}, ${exact} exact on the exact fills`;
  const over = cell.over ? el("span", { class: "beyond" }, `${count(cell.over)} beyond`) : null;
  return el(
    "td",
    { "data-label": adapter },
    strip(cell, label),
    el(
      "span",
      { class: "figures" },
      el("span", {}, el("b", {}, share(cell.largest)), hiddenText(" of the bound at most")),
      over,
      el("span", {}, `${exact} exact`),
    ),
    el("span", { class: "soft accumulators" }, accumulators.slice(0, 4).map(([name, number]) => `${name} ${count(number)}`).join(", ")),
  );
};

const scale = () =>
  svg(
    "svg",
    { class: "scale", viewBox: `0 0 ${SPAN} 16`, "aria-hidden": "true" },
    ...Object.entries(TICKS).map(([text, power]) => svg("text", { x: EDGE + (power - LOW) * PER_DECADE * BAR, y: 11 }, text)),
  );

/** Return the pictures of one dtype: a row for each operation, a column for each adapter. */
const table = (dtype, adapters, rows) =>
  el(
    "table",
    { class: "precision stack" },
    el("caption", {}, dtype),
    el(
      "thead",
      {},
      el("tr", {}, el("th", { scope: "col" }, "operation"), ...adapters.map((adapter) => el("th", { scope: "col" }, code(adapter), scale()))),
    ),
    el(
      "tbody",
      {},
      ...rows.map(([op, cells]) =>
        el("tr", {}, el("th", { scope: "row" }, breakable(op)), ...cells.map((cell, index) => tableCell(cell, adapters[index]))),
      ),
    ),
  );

export const showPrecision = (data, root) => {
  if (root.childElementCount) return;
  const cells = gathered(data);
  const { adapter: adapters, op: operations, dtype: dtypes } = data.names;
  for (const [number, dtype] of dtypes.entries()) {
    const rows = operations.map((op, index) => [op, adapters.map((_, adapter) => cells.get(`${number},${index},${adapter}`))]);
    const answered = rows.filter(([, cells]) => cells.some(Boolean));
    if (answered.length) root.append(table(dtype, adapters, answered));
  }
  if (!root.childElementCount) root.append(el("p", { class: "quiet" }, "No answer has a measured error."));
};

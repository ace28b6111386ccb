// Groups of verdicts that the page names: findings, known divergences, changes. A group is filled when it is opened.

import { addressOf } from "./address.js";
import { badge, code, count, el } from "./dom.js";
import { copyButton, verdict } from "./detail.js";

const AT_ONCE = 25;
const MOST_LISTED = 500;

/** Return one verdict as a line that opens to all of it. */
const entry = (data, row, kind) => {
  const before = kind === "changed" ? data.comparison.before[row] : null;
  const route = ["known", "expected"].includes(kind) ? [code(data.text("op", row)), el("span", { class: "soft" }, data.text("route", row))] : null;
  const details = el(
    "details",
    { class: "entry", "data-row": row },
    el(
      "summary",
      {},
      before ? [badge(data, before), el("span", { "aria-label": "became" }, "→")] : null,
      badge(data, data.grade(row)),
      route,
      code(data.text("case", row)),
      el("span", { class: "chip" }, data.text("dtype", row)),
      el("span", { class: "said" }, data.text("message", row)),
    ),
  );
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(verdict(data, row));
  });
  return details;
};

/** Append the next entries of a group, and a button while there are more. */
const more = (data, rows, start, parent, kind) => {
  parent.append(...rows.slice(start, start + AT_ONCE).map((row) => entry(data, row, kind)));
  const left = rows.length - start - AT_ONCE;
  if (left <= 0) return;
  const button = el("button", { type: "button", class: "more" }, `Show ${count(Math.min(left, AT_ONCE))} more of ${count(left)}`);
  button.addEventListener("click", () => {
    button.remove();
    more(data, rows, start + AT_ONCE, parent, kind);
  });
  parent.append(button);
};

/** Return the verdicts that only the baseline has, a line each. */
const removedList = (data, removed) => {
  const line = ([id, dtype, grade]) => el("li", {}, badge(data, grade), " ", code(id), " ", el("span", { class: "chip" }, dtype));
  const left = removed.length - MOST_LISTED;
  const more = left > 0 ? el("li", { class: "soft" }, `and ${count(left)} more`) : null;
  return el("ul", { class: "lines" }, ...removed.slice(0, MOST_LISTED).map(line), more);
};

const fill = (data, group) => {
  const entries = group.querySelector(".entries");
  if (!entries || entries.childElementCount) return;
  const [kind, index] = group.dataset.rows.split(".");
  if (kind === "removed") entries.append(removedList(data, data.comparison.removed[index]));
  else more(data, (data[kind] ?? data.comparison[kind])[index], 0, entries, kind);
};

/** Make every group of the page fill itself when it is opened, and every script that stands there one to copy. */
export const prepare = (data) => {
  for (const script of document.querySelectorAll(".cause .scripted")) script.prepend(copyButton(script.querySelector("code")));
  for (const group of document.querySelectorAll("details[data-rows]")) {
    group.addEventListener("toggle", () => group.open && fill(data, group));
    if (group.open) fill(data, group);
  }
};

/** Return a link to a verdict with its grade, for tables. */
export const verdictLink = (data, row) =>
  el("a", { class: "grade", href: addressOf(data, row), title: data.text("message", row) || data.grade(row) }, badge(data, data.grade(row)));

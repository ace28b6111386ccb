// All verdicts: a query, quick filters, a list that can be sorted, and its state in the address.

import { addressOf, go, replaceState } from "./address.js";
import { badge, code, count, duration, el, share } from "./dom.js";
import { List } from "./list.js";
import { QueryError, matchingRows, parseQuery } from "./query.js";

const SORTED = {
  grade: (data) => (row) => data.severity[data.columns.grade[row]] * 2 + (data.finding(row) ? 0 : 1),
  adapter: (data) => (row) => data.columns.adapter[row],
  op: (data) => (row) => data.columns.op[row],
  case: (data) => (row) => data.columns.case[row],
  dtype: (data) => (row) => data.columns.dtype[row],
  error: (data) => (row) => (Number.isNaN(data.errors[row]) ? -1 : data.errors[row]),
  seconds: (data) => (row) => data.columns.seconds[row],
};

/** Return rows in an order: a name of SORTED, with a minus the other way round; equal ones stay in their order. */
const sorted = (data, rows, order) => {
  const [name, sign] = order.startsWith("-") ? [order.slice(1), -1] : [order, 1];
  const key = (SORTED[name] ?? SORTED.grade)(data);
  const byValue = new Map();
  for (const row of rows) {
    const value = key(row);
    const equal = byValue.get(value);
    if (equal) equal.push(row);
    else byValue.set(value, [row]);
  }
  return [...byValue.keys()].sort((a, b) => sign * (a === b ? 0 : a < b ? -1 : 1)).flatMap((value) => byValue.get(value));
};

const cell = (kind, ...children) => el("span", { role: "gridcell", class: `c-${kind}` }, ...children);

const known = (name) => el("span", { class: "note", title: `known: ${name}` }, "†");

const cellsOfRow = (data) => (row) => [
  cell("grade", badge(data, data.grade(row)), data.text("known", row) ? known(data.text("known", row)) : null),
  cell("adapter", code(data.text("adapter", row))),
  cell("op", code(data.text("op", row)), " ", el("span", { class: "soft" }, data.text("route", row))),
  cell("case", el("a", { href: addressOf(data, row), tabindex: "-1" }, data.text("case", row))),
  cell("dtype", data.text("dtype", row)),
  cell("error", share(data.error(row))),
  cell("seconds", duration(data.seconds(row))),
  cell("message", data.text("message", row)),
];

export class Verdicts {
  constructor(data, root) {
    this.data = data;
    const ids = ["query", "matches", "query-error", "grades", "rows"];
    this.parts = Object.fromEntries(ids.map((id) => [id, root.querySelector(`#${id}`)]));
    this.buttons = [...this.parts.grades.querySelectorAll("button")];
    this.order = "grade";
    const body = this.parts.rows.querySelector(".window");
    this.list = new List(this.parts.rows, body, { draw: cellsOfRow(data), open: (row) => go(data.key(row)) });
    this.parts.query.addEventListener("input", () => this.filter());
    root.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
    for (const button of root.querySelectorAll("[data-sort]")) button.addEventListener("click", () => this.sort(button.dataset.sort));
    for (const button of this.buttons) button.addEventListener("click", () => this.toggle(button.dataset.grade));
    for (const button of root.querySelectorAll("[data-example]")) button.addEventListener("click", () => this.ask(button.dataset.example));
  }

  /** Show what an address asks for. */
  enter({ q = "", sort = "grade" }) {
    this.parts.query.value = q;
    this.order = sort;
    this.filter();
  }

  ask(query) {
    this.parts.query.value = query;
    this.filter();
    this.parts.query.focus();
  }

  /** Find the rows that the query means, and show them. */
  filter() {
    const query = this.parts.query.value;
    const started = performance.now();
    try {
      this.rows = matchingRows(this.data, query);
      this.complain("");
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      this.complain(error.message);
      return;
    }
    document.documentElement.dataset.filterMs = (performance.now() - started).toFixed(2);
    this.show();
    replaceState({ view: "verdicts", q: query, sort: this.order === "grade" ? "" : this.order });
  }

  complain(message) {
    this.parts["query-error"].textContent = message;
    this.parts["query-error"].hidden = message === "";
    this.parts.query.setAttribute("aria-invalid", message === "" ? "false" : "true");
  }

  /** Draw the matching rows in the chosen order. */
  show() {
    const started = performance.now();
    this.list.set(sorted(this.data, this.rows, this.order));
    document.documentElement.dataset.drawMs = (performance.now() - started).toFixed(2);
    this.parts.matches.textContent = `${count(this.rows.length)} of ${count(this.data.count)} verdicts`;
    this.showGrades();
    this.showOrder();
  }

  /** Say on the buttons which grades the query names. */
  showGrades() {
    const terms = parseQuery(this.parts.query.value).filter((term) => term.field === "grade" && !term.negated);
    const named = new Set(terms.map((term) => term.value));
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(named.has(button.dataset.grade)));
  }

  /** Say on the headings which column is sorted. */
  showOrder() {
    for (const heading of this.parts.rows.querySelectorAll("[role=columnheader]")) {
      const name = heading.querySelector("[data-sort]")?.dataset.sort;
      const direction = { [name]: "ascending", [`-${name}`]: "descending" }[this.order];
      heading.setAttribute("aria-sort", direction ?? "none");
    }
  }

  /** Sort by a column; by one that is sorted, the other way round. Numbers start with the largest. */
  sort(name) {
    const first = ["error", "seconds"].includes(name) ? `-${name}` : name;
    const other = first === name ? `-${name}` : name;
    this.order = this.order === first ? other : first;
    this.filter();
  }

  /** Ask for one grade alone, or no longer for it. */
  toggle(grade) {
    const without = this.parts.query.value.replace(/(^|\s)-?grade[:=]\S+/g, " ").trim();
    const asked = this.parts.query.value.split(/\s+/).includes(`grade:${grade}`);
    this.ask(`${without}${asked ? "" : ` grade:${grade}`}`.trim());
  }
}

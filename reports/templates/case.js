// The page of a case: what it asks, and every verdict on it; one of them, or the first that is not conformant, in full.

import { address } from "./address.js";
import { code, el, link, plural } from "./dom.js";
import { describeCase, parameters, verdict } from "./detail.js";
import { geometry } from "./geometry.js";
import { verdictLink } from "./groups.js";
import { formatTerm } from "./query.js";

const FIELDS = ["adapter", "op", "route", "dtype"];

/** Return the row that an address means: the one it names, or the gravest of the case. */
const chosen = (data, rows, state) => {
  const named = FIELDS.filter((field) => state[field] !== undefined);
  const candidates = rows.filter((row) => named.every((field) => data.text(field, row) === state[field]));
  const gravest = (a, b) => data.severity[data.columns.grade[a]] - data.severity[data.columns.grade[b]];
  return candidates.sort(gravest)[0];
};

/** Return the verdicts of a case: a row for each route, a column for each dtype. */
const table = (data, rows, current) => {
  const dtypes = data.names.dtype.filter((dtype) => rows.some((row) => data.text("dtype", row) === dtype));
  const routes = new Map();
  for (const row of rows) {
    const names = FIELDS.slice(0, 3).map((field) => data.text(field, row));
    const route = routes.get(names.join("\0")) ?? { names, byDtype: {} };
    route.byDtype[data.text("dtype", row)] = row;
    routes.set(names.join("\0"), route);
  }
  const cell = (row) => {
    if (row === undefined) return el("td", { class: "empty" }, "–");
    return el("td", row === current ? { class: "current", "aria-current": "true" } : {}, verdictLink(data, row));
  };
  const line = ({ names, byDtype }) =>
    el("tr", {}, ...names.map((name) => el("td", {}, code(name))), ...dtypes.map((dtype) => cell(byDtype[dtype])));
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Verdicts on this case" },
    el(
      "table",
      { class: "verdicts-of" },
      el("thead", {}, el("tr", {}, ...["adapter", "operation", "route", ...dtypes].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, ...[...routes.values()].map(line)),
    ),
  );
};

/** Return a case without a verdict. */
const caseWithoutVerdict = (data, description) =>
  el(
    "div",
    {},
    el("div", { class: "body" }, el("div", { class: "text" }, ...describeCase(description)), geometry(description, "output") ?? ""),
    parameters(data, description),
  );

/** Show the case that an address names. */
export const showCase = (data, root, state) => {
  const rows = data.rowsOfCase(state.case);
  const list = address({ view: "verdicts", q: formatTerm("case", state.case) });
  const back = el("p", { class: "back" }, el("a", { href: list }, "Its verdicts in the list"));
  const heading = el("h2", { tabindex: "-1" }, "Case ", code(state.case));
  if (!rows.length) {
    root.replaceChildren(heading, el("p", { class: "quiet" }, "This report has no verdict on a case of this name."));
    return;
  }
  const row = chosen(data, rows, state);
  const description = data.caseOf(rows[0]);
  const head = row === undefined ? description.values && caseWithoutVerdict(data, description) : verdict(data, row);
  root.replaceChildren(heading, back, head || "", el("h3", {}, plural(rows.length, "verdict"), " on this case"), table(data, rows, row));
};

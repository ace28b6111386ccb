// The query language: field:name, field=name, field>1, "words with spaces", -not; every term must hold.

const NAMED = ["adapter", "op", "route", "dtype", "grade", "case", "diagnosis", "known", "documented", "expected", "accumulator", "message"];
const OF_CASE = ["family", "feature", "memory", "special", "tier", "catches"];
const NUMBERS = {
  stride: (c) => c.stride,
  dilation: (c) => c.dilation,
  kernel: (c) => c.kernel_size,
  input: (c) => c.input_size,
  output: (c) => c.output_size,
  padding: (c) => c.padding?.flat(),
  groups: (c) => [c.groups],
  batch: (c) => [c.batch],
  in_channels: (c) => [c.in_channels],
  out_channels: (c) => [c.out_channels],
  rank: (c) => [c.input_size?.length],
};
const OF_ROW = { error: (data, row) => data.errors[row], seconds: (data, row) => data.seconds(row) };
const FLAGS = { finding: (data, row) => data.finding(row), exact: (data, row) => data.exact(row), new: (data, row) => data.isNew(row) };
const SEARCHED = ["adapter", "op", "route", "dtype", "grade", "case", "diagnosis", "known", "expected", "message"];
const CLOSED = ["adapter", "op", "dtype", "grade", "family", "feature", "change"];

export const FIELDS = [...NAMED, ...OF_CASE, "change", ...Object.keys(FLAGS), ...Object.keys(NUMBERS), ...Object.keys(OF_ROW)];

const TERM = /\s*(-?)(?:([a-z_]+)(>=|<=|:|=|>|<))?("(?:[^"\\]|\\.)*"?|\S+)/giy;
const COMPARED = {
  ":": (a, b) => a === b,
  "=": (a, b) => a === b,
  ">": (a, b) => a > b,
  "<": (a, b) => a < b,
  ">=": (a, b) => a >= b,
  "<=": (a, b) => a <= b,
};

/** A query that cannot be understood; the message says what is allowed. */
export class QueryError extends Error {}

/** Return a value without its quotes. */
const unquote = (text) => (text.startsWith('"') ? text.slice(1).replace(/"$/, "").replace(/\\(.)/g, "$1") : text);

export const parseQuery = (text) =>
  [...text.trimEnd().matchAll(TERM)].map(([, minus, field, operator, quoted]) => ({
    negated: minus === "-",
    field: field?.toLowerCase() ?? null,
    operator: operator ?? null,
    value: unquote(quoted),
  }));

export const formatTerm = (field, value) =>
  /^[\w.+-]+$/.test(value) ? `${field}=${value}` : `${field}="${value.replace(/(["\\])/g, "\\$1")}"`;

const lowered = new WeakMap();

/** Return some names in lower case, once. */
const lower = (names) => {
  if (!lowered.has(names)) lowered.set(names, names.map((name) => name.toLowerCase()));
  return lowered.get(names);
};

/** Return which names a term means: those that are equal; where none is and the operator is ":", those that contain it. */
const matching = (names, { operator, value }) => {
  const wanted = value.toLowerCase();
  const equal = lower(names).map((name) => name === wanted);
  if (operator === "=" || equal.includes(true)) return equal;
  return lower(names).map((name) => (wanted === "" ? name === "" : name.includes(wanted)));
};

const textsOf = (data, field) => (field === "feature" ? data.features : [...new Set(data.cases.map((description) => description[field] ?? ""))]);

const byName = (data, term) => {
  if (["known", "expected"].includes(term.field) && /^(yes|no)$/i.test(term.value)) {
    const wanted = term.value.toLowerCase() === "yes";
    return (row) => (data.text(term.field, row) !== "") === wanted;
  }
  const none = term.value.toLowerCase() === "none";
  const mask = none ? data.names[term.field].map((name) => name === "") : matching(data.names[term.field], term);
  checkNames(term, mask, data.names[term.field]);
  const column = data.columns[term.field];
  return (row) => mask[column[row]];
};

const byCase = (data, term, holds) => {
  const mask = data.cases.map(holds);
  const column = data.columns.case;
  return (row) => mask[column[row]];
};

const byCaseText = (data, term) => {
  const texts = textsOf(data, term.field);
  const mask = matching(texts, term);
  checkNames(term, mask, texts);
  const wanted = new Set(texts.filter((_, index) => mask[index]));
  if (term.field !== "feature") return byCase(data, term, (description) => wanted.has(description[term.field] ?? ""));
  return byCase(data, term, (description) => (description.features ?? []).some((feature) => mask[feature]));
};

const numberOf = ({ field, value }) => {
  const number = value.toLowerCase() === "inf" ? Infinity : Number(value);
  if (value.trim() === "" || Number.isNaN(number)) throw new QueryError(`${field} takes a number, as in ${field}>1, and not “${value}”.`);
  return number;
};

const byNumber = (data, term) => {
  if (["stride", "dilation", "kernel", "input", "output"].includes(term.field) && /^\d+(x\d+)+$/i.test(term.value)) {
    return byCase(data, term, (description) => (NUMBERS[term.field](description) ?? []).join("x") === term.value.toLowerCase());
  }
  const value = numberOf(term);
  const holds = COMPARED[term.operator];
  if (term.field in OF_ROW) return (row) => holds(OF_ROW[term.field](data, row), value);
  return byCase(data, term, (description) => (NUMBERS[term.field](description) ?? []).some((entry) => holds(entry, value)));
};

const byFlag = (data, term) => {
  if (!/^(yes|no)$/i.test(term.value)) throw new QueryError(`${term.field} is yes or no, and not “${term.value}”.`);
  const wanted = term.value.toLowerCase() === "yes";
  return (row) => FLAGS[term.field](data, row) === wanted;
};

const byChange = (data, term) => {
  const names = data.comparison?.changes ?? [];
  const mask = matching(names, term);
  checkNames(term, mask, names);
  return (row) => mask[data.comparison.change[row]];
};

const byText = (data, term) => {
  const wanted = term.value.toLowerCase();
  const masks = SEARCHED.map((field) => [lower(data.names[field]).map((name) => name.includes(wanted)), data.columns[field]]);
  return (row) => masks.some(([mask, column]) => mask[column[row]]);
};

/** Throw when a name of a field with few names means none of them. */
const checkNames = (term, mask, names) => {
  if (!CLOSED.includes(term.field) || mask.includes(true)) return;
  const some = [...names.filter(Boolean).slice(0, 12), ...(names.length > 12 ? ["…"] : [])].join(", ");
  throw new QueryError(`No ${term.field} is named “${term.value}”${some ? `; there are ${some}` : " here"}.`);
};

const test = (data, term) => {
  if (term.field === null) return byText(data, term);
  if (!FIELDS.includes(term.field)) {
    throw new QueryError(`There is no field “${term.field}”. Allowed are ${FIELDS.join(", ")}; put words with a colon in quotes.`);
  }
  if (term.field in NUMBERS || term.field in OF_ROW) return byNumber(data, term);
  if (![":", "="].includes(term.operator)) {
    throw new QueryError(`${term.field} is no number: write ${term.field}:name or ${term.field}=name.`);
  }
  if (term.field in FLAGS) return byFlag(data, term);
  if (term.field === "change") return byChange(data, term);
  return NAMED.includes(term.field) ? byName(data, term) : byCaseText(data, term);
};

/** Return the rows for which every term of a query holds. Throws QueryError. */
export const matchingRows = (data, text) => {
  const tests = parseQuery(text).map((term) => [test(data, term), term.negated]);
  const rows = [];
  for (let row = 0; row < data.count; row += 1) {
    if (tests.every(([holds, negated]) => Boolean(holds(row)) !== negated)) rows.push(row);
  }
  return rows;
};

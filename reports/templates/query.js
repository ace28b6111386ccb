// The query language: field:words, field=name, field>1, "words with spaces", -not; every term must hold.

const NAMED = ["adapter", "op", "route", "dtype", "grade", "case", "diagnosis", "known", "documented", "accumulator", "message"];
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
const FLAGS = { finding: (data, row) => data.finding(row), exact: (data, row) => data.exact(row) };
const SEARCHED = ["adapter", "op", "route", "dtype", "grade", "case", "diagnosis", "known", "message"];
const CLOSED = ["adapter", "op", "dtype", "grade", "family", "feature", "change"];

/** Every field of the language. */
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

/** Return a word without its quotes. */
const bare = (word) => (word.startsWith('"') ? word.slice(1).replace(/"$/, "").replace(/\\(.)/g, "$1") : word);

/** Return the terms of a query. */
export const parsed = (text) =>
  [...text.trimEnd().matchAll(TERM)].map(([, minus, field, operator, word]) => ({
    negated: minus === "-",
    field: field?.toLowerCase() ?? null,
    operator: operator ?? null,
    word: bare(word),
  }));

/** Return a term of the language. */
export const term = (field, value) =>
  /^[\w.+-]+$/.test(value) ? `${field}=${value}` : `${field}="${value.replace(/(["\\])/g, "\\$1")}"`;

const lowered = new WeakMap();

/** Return some words in lower case, once. */
const lower = (words) => {
  if (!lowered.has(words)) lowered.set(words, words.map((word) => word.toLowerCase()));
  return lowered.get(words);
};

/** Return which words a term means: those that are equal; where none is and the operator is ":", those that contain it. */
const matching = (words, { operator, word }) => {
  const wanted = word.toLowerCase();
  const equal = lower(words).map((found) => found === wanted);
  if (operator === "=" || equal.includes(true)) return equal;
  return lower(words).map((found) => (wanted === "" ? found === "" : found.includes(wanted)));
};

/** Return the texts of a field of the cases. */
const textsOf = (data, field) => (field === "feature" ? data.features : [...new Set(data.cases.map((found) => found[field] ?? ""))]);

const byName = (data, told) => {
  if (told.field === "known" && /^(yes|no)$/i.test(told.word)) {
    const wanted = told.word.toLowerCase() === "yes";
    return (row) => (data.text("known", row) !== "") === wanted;
  }
  const none = told.word.toLowerCase() === "none";
  const mask = none ? data.words[told.field].map((word) => word === "") : matching(data.words[told.field], told);
  checked(told, mask, data.words[told.field]);
  const column = data.columns[told.field];
  return (row) => mask[column[row]];
};

const byCase = (data, told, holds) => {
  const mask = data.cases.map(holds);
  const column = data.columns.case;
  return (row) => mask[column[row]];
};

const byCaseText = (data, told) => {
  const texts = textsOf(data, told.field);
  const mask = matching(texts, told);
  checked(told, mask, texts);
  const wanted = new Set(texts.filter((_, place) => mask[place]));
  if (told.field !== "feature") return byCase(data, told, (found) => wanted.has(found[told.field] ?? ""));
  return byCase(data, told, (found) => (found.features ?? []).some((place) => mask[place]));
};

/** Return a number that a term compares with. */
const numberOf = ({ field, word }) => {
  const value = word.toLowerCase() === "inf" ? Infinity : Number(word);
  if (word.trim() === "" || Number.isNaN(value)) throw new QueryError(`${field} takes a number, as in ${field}>1, and not “${word}”.`);
  return value;
};

const byNumber = (data, told) => {
  if (["stride", "dilation", "kernel", "input", "output"].includes(told.field) && /^\d+(x\d+)+$/i.test(told.word)) {
    return byCase(data, told, (found) => (NUMBERS[told.field](found) ?? []).join("x") === told.word.toLowerCase());
  }
  const value = numberOf(told);
  const holds = COMPARED[told.operator];
  if (told.field in OF_ROW) return (row) => holds(OF_ROW[told.field](data, row), value);
  return byCase(data, told, (found) => (NUMBERS[told.field](found) ?? []).some((entry) => holds(entry, value)));
};

const byFlag = (data, told) => {
  if (!/^(yes|no)$/i.test(told.word)) throw new QueryError(`${told.field} is yes or no, and not “${told.word}”.`);
  const wanted = told.word.toLowerCase() === "yes";
  return (row) => FLAGS[told.field](data, row) === wanted;
};

const byChange = (data, told) => {
  const words = data.comparison?.changes ?? [];
  const mask = matching(words, told);
  checked(told, mask, words);
  return (row) => mask[data.comparison.change[row]];
};

const byText = (data, told) => {
  const wanted = told.word.toLowerCase();
  const masks = SEARCHED.map((field) => [lower(data.words[field]).map((word) => word.includes(wanted)), data.columns[field]]);
  return (row) => masks.some(([mask, column]) => mask[column[row]]);
};

/** Throw when a name of a field with few names means none of them. */
const checked = (told, mask, words) => {
  if (!CLOSED.includes(told.field) || mask.includes(true)) return;
  const some = [...words.filter(Boolean).slice(0, 12), ...(words.length > 12 ? ["…"] : [])].join(", ");
  throw new QueryError(`No ${told.field} is named “${told.word}”${some ? `; there are ${some}` : " here"}.`);
};

/** Return the test of one term. */
const test = (data, told) => {
  if (told.field === null) return byText(data, told);
  if (!FIELDS.includes(told.field)) {
    throw new QueryError(`There is no field “${told.field}”. Allowed are ${FIELDS.join(", ")}; put words with a colon in quotes.`);
  }
  if (told.field in NUMBERS || told.field in OF_ROW) return byNumber(data, told);
  if (![":", "="].includes(told.operator)) {
    throw new QueryError(`${told.field} is no number: write ${told.field}:name or ${told.field}=name.`);
  }
  if (told.field in FLAGS) return byFlag(data, told);
  if (told.field === "change") return byChange(data, told);
  return NAMED.includes(told.field) ? byName(data, told) : byCaseText(data, told);
};

/** Return the rows for which every term of a query holds. Throws QueryError. */
export const found = (data, text) => {
  const tests = parsed(text).map((told) => [test(data, told), told.negated]);
  const rows = [];
  for (let row = 0; row < data.count; row += 1) {
    if (tests.every(([holds, negated]) => Boolean(holds(row)) !== negated)) rows.push(row);
  }
  return rows;
};

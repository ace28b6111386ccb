// The data block of the page: base64 of gzip of JSON, a column for each field of the verdicts.

/** Return the bytes that a text holds in base64. */
const bytesOf = (text) => {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
};

/** Return what the data block holds. */
export const unpacked = (text) =>
  new Response(new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream("gzip"))).json();

export const cellsOf = (text) => bytesOf(text);

const FINDING = 1;
const EXACT = 2;
const NEW = 4;

/** The verdicts by row, their cases and their evidence. */
export class Data {
  constructor(raw) {
    Object.assign(this, raw);
    this.count = raw.columns.adapter.length;
    this.errors = Float64Array.from(raw.columns.error, (error) => (error === null ? NaN : error < 0 ? Infinity : error));
    this.byKey = null;
  }

  text(field, row) {
    return this.names[field][this.columns[field][row]];
  }

  grade(row) {
    return this.text("grade", row);
  }

  error(row) {
    return this.errors[row];
  }

  seconds(row) {
    return this.columns.seconds[row] * 1e-6;
  }

  finding(row) {
    return (this.columns.flags[row] & FINDING) !== 0;
  }

  exact(row) {
    return (this.columns.flags[row] & EXACT) !== 0;
  }

  /** Whether the verdict is a finding on a case that the user's expectations have never seen. */
  isNew(row) {
    return (this.columns.flags[row] & NEW) !== 0;
  }

  /** The description of a verdict's case; it has no sizes when the records do not describe it. */
  caseOf(row) {
    return this.cases[this.columns.case[row]] ?? {};
  }

  evidenceOf(row) {
    return this.evidence[row] ?? {};
  }

  /** What names a verdict for ever: run, operation, route, case and dtype. */
  key(row) {
    return Object.fromEntries(["case", "adapter", "op", "route", "dtype"].map((field) => [field, this.text(field, row)]));
  }

  /** The rows of a case, by the case's id. */
  rowsOfCase(id) {
    const wanted = this.names.case.indexOf(id);
    const rows = [];
    for (let row = 0; row < this.count; row += 1) if (this.columns.case[row] === wanted) rows.push(row);
    return wanted < 0 ? [] : rows;
  }

  /** The reproduction script of a verdict, or an empty text. */
  script(row) {
    return (this.evidenceOf(row).script ?? []).map((line) => this.lines[line]).join("\n");
  }

  /** What came of running that script, or an empty text. */
  scriptRun(row) {
    return this.evidenceOf(row).run ?? "";
  }
}

// One verdict in full: what was asked, what came out, where it is wrong, and how to see it again.

import { addressOf } from "./address.js";
import { smallestCase } from "./arrays.js";
import { badge, code, count, duration, el, fact, link, number, share, hiddenText, tuple } from "./dom.js";
import { geometry } from "./geometry.js";
import { errorMap } from "./maps.js";

const LEANING = 8;

/** Copy a text, by the old way where the new one is not allowed, and say so on the button. */
const copy = async (button, source) => {
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    const area = el("textarea", { class: "hidden" });
    area.value = source.textContent;
    button.after(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), 1500);
};

/** Return a button that copies the text of an element. */
export const copyButton = (source) => {
  const button = el("button", { type: "button", class: "copy" }, "Copy");
  button.addEventListener("click", () => copy(button, source));
  return button;
};

/** Return a script with a button that copies it, and what came of running it. */
const script = (text, run) => {
  const source = el("code", {}, text);
  return el(
    "details",
    { class: "more", open: true },
    el("summary", {}, "Reproduction script ", el("span", { class: "soft" }, `${count(text.split("\n").length)} lines${run && `; run: ${run}`}`)),
    el("div", { class: "scripted" }, copyButton(source), el("pre", { class: "script", tabindex: "0" }, source)),
  );
};

/** Return got, wanted and bound at the worst element. */
const worstElement = (worst) =>
  worst &&
  el(
    "dl",
    { class: "worst" },
    fact("got", number(worst.got)),
    fact("wanted", number(worst.want)),
    fact("allowed error", number(worst.bound)),
    fact("at", tuple(worst.index), worst.fill ? el("span", { class: "soft" }, ` fill ${worst.fill}`) : null),
  );

const used = (error) => {
  if (error === Infinity) return "an error beyond every bound";
  return error > 1 ? `${share(error)} the bound` : `${share(error)} of the bound used`;
};

/** Return what else is known of a verdict, a line each. */
const facts = (data, row) => {
  const { spread, bias } = data.evidenceOf(row);
  const error = data.error(row);
  const [accumulator, diagnosis, documented] = ["accumulator", "diagnosis", "documented"].map((field) => data.text(field, row));
  const lines = [
    diagnosis && `diagnosis: ${diagnosis}`,
    !Number.isNaN(error) && used(error),
    data.exact(row) && "bit for bit right on the exact fills",
    accumulator && `accumulates in ${accumulator}`,
    spread?.of && `${count(spread.wrong)} of ${count(spread.of)} elements wrong`,
    spread?.words,
    spread?.channels?.length && `channels ${spread.channels.join(", ")}`,
    Math.abs(bias) > LEANING && `errors lean to one side: z = ${Math.round(bias)}`,
    documented && `the route documents ${documented}`,
    `answered in ${duration(data.seconds(row))}`,
  ];
  return el("ul", { class: "facts" }, ...lines.filter(Boolean).map((line) => el("li", {}, line)));
};

export const parameters = (data, description) =>
  el(
    "details",
    { class: "more" },
    el("summary", {}, "Every parameter of the case"),
    el("dl", { class: "parameters" }, ...data.parameters.map((name, index) => fact(name, description.values[index]))),
  );

/** Return a case in words, with its source. */
export const describeCase = (description) =>
  description.sentence
    ? [
        description.catches ? el("p", { class: "catches" }, description.catches) : null,
        el("p", { class: "sentence" }, description.sentence),
        description.source
          ? el("p", {}, "Source: ", link(description.source, description.source))
          : description.from
            ? el("p", {}, `Source: ${description.from}`)
            : null,
      ]
    : [el("p", { class: "soft" }, "The record does not describe this case.")];

/** Return what the page had no room for. */
const left = (names) => names?.length && el("p", { class: "soft" }, `Too large for this page; the record has it: ${names.join(", ")}.`);

const silence = (grade) => (grade === "conformant" ? "Nothing is wrong with this answer." : "no message");

/** Return what a verdict says, beside its pictures. */
const text = (data, row, description) => {
  const evidence = data.evidenceOf(row);
  return el(
    "div",
    { class: "text" },
    el("p", { class: "message" }, data.text("message", row) || silence(data.grade(row))),
    worstElement(evidence.worst),
    facts(data, row),
    ...describeCase(description),
  );
};

/** Return a verdict in full. */
export const verdict = (data, row) => {
  const [description, evidence, source] = [data.caseOf(row), data.evidenceOf(row), data.script(row)];
  const map = evidence.map ? errorMap(evidence.map, evidence.worst, data.palette) : null;
  const drawing = geometry(description, data.results[data.columns.op[row]], evidence.worst?.index);
  const [adapter, op, route] = ["adapter", "op", "route"].map((field) => code(data.text(field, row)));
  return el(
    "article",
    { class: "verdict", "data-row": row },
    el(
      "header",
      {},
      el("h4", {}, badge(data, data.grade(row)), adapter, op, route, el("span", { class: "chip" }, data.text("dtype", row))),
      el("a", { class: "permalink", href: addressOf(data, row), title: "Permanent link to this verdict" }, "#", hiddenText(" permanent link")),
    ),
    el("p", { class: "id" }, code(data.text("case", row))),
    data.text("known", row) ? el("p", { class: "known" }, `† known divergence: ${data.text("known", row)}`) : null,
    data.text("expected", row) ? el("p", { class: "known" }, `expected: ${data.text("expected", row)}`) : null,
    data.isNew(row) ? el("p", { class: "known" }, "new: the file of expectations has never seen this case") : null,
    el("div", { class: "body" }, text(data, row, description), el("div", { class: "pictures" }, map, drawing)),
    evidence.smallest ? smallestCase(evidence.smallest) : null,
    source ? script(source, data.scriptRun(row)) : null,
    description.values ? parameters(data, description) : null,
    left(evidence.left),
  );
};

// Brings the page to life: views as tabs, the data block decoded, every view drawn when it is first seen.

import { go, state } from "./address.js";
import { showCase } from "./case.js";
import { Data, unpacked } from "./data.js";
import { prepare } from "./groups.js";
import { showPrecision } from "./precision.js";
import { prepareTheme } from "./theme.js";
import { Verdicts } from "./verdicts.js";

const root = document.documentElement;
const tabs = [...document.querySelectorAll("#tabs a")];
const views = tabs.map((tab) => document.getElementById(tab.dataset.view));
const casePage = document.getElementById("case");
const noteTime = (name) => (root.dataset[name] = performance.now().toFixed(1));

/** Show one view, or the page of a case. */
const show = (view) => {
  for (const panel of [...views, casePage]) panel.hidden = panel !== view;
  document.querySelector("header.top").classList.toggle("elsewhere", view.id !== "overview");
  for (const tab of tabs) {
    const chosen = tab.dataset.view === view.id;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen || (view === casePage && tab === tabs[0]) ? 0 : -1;
  }
};

/** Turn the links to the views into tabs. */
const prepareTabs = () => {
  document.getElementById("tabs").setAttribute("role", "tablist");
  for (const [number, tab] of tabs.entries()) {
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", tab.dataset.view);
    views[number].setAttribute("role", "tabpanel");
    views[number].setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      go({ view: tab.dataset.view });
    });
    tab.addEventListener("keydown", (event) => {
      const last = tabs.length - 1;
      const next = { ArrowRight: number + 1, ArrowLeft: number - 1, Home: 0, End: last }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      const chosen = tabs[(next + tabs.length) % tabs.length];
      go({ view: chosen.dataset.view });
      chosen.focus();
    });
  }
};

/** Open what lies around an element, and go there. */
const reveal = (element) => {
  for (let part = element; part; part = part.parentElement?.closest("details")) if (part.tagName === "DETAILS") part.open = true;
  if (!views.includes(element)) element.scrollIntoView();
};

/** Show what the address says; `data` is null until it is decoded. */
const follow = (data, verdicts) => {
  const { view, id, ...wanted } = state();
  if (wanted.case) {
    show(casePage);
    if (data) showCase(data, casePage, wanted);
    scrollTo(0, Math.min(scrollY, casePage.offsetTop - 60));
    return;
  }
  const target = document.getElementById(view || id || "overview") ?? views[0];
  const panel = views.find((each) => each.contains(target)) ?? views[0];
  show(panel);
  if (id) reveal(target);
  if (data && panel.id === "precision") showPrecision(data, panel.querySelector(".drawn"));
  if (verdicts && panel.id === "verdicts") verdicts.enter(wanted);
};

const start = async () => {
  noteTime("matrixMs");
  root.classList.add("live");
  prepareTheme(document.getElementById("theme"));
  prepareTabs();
  follow(null, null);
  const started = performance.now();
  const raw = await unpacked(document.getElementById("data").textContent);
  root.dataset.decodeMs = (performance.now() - started).toFixed(1);
  const data = new Data(raw);
  prepare(data);
  const verdicts = new Verdicts(data, document.getElementById("verdicts"));
  addEventListener("hashchange", () => follow(data, verdicts));
  follow(data, verdicts);
  root.dataset.ready = "yes";
  noteTime("readyMs");
};

start().catch((error) => {
  root.dataset.ready = "no";
  const broken = document.getElementById("broken");
  broken.querySelector("b").textContent = `The data of this page could not be shown (${error.message}).`;
  broken.hidden = false;
});

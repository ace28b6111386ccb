"use strict";
(() => {
  const form = document.querySelector("form.filter");
  const groups = [...document.querySelectorAll("#findings > details.group")];

  const textOf = (element) => element.textContent.toLowerCase();
  const entries = groups.map((group) => ({
    group,
    title: textOf(group.querySelector("summary .title")),
    items: [...group.querySelectorAll("article, .lines > li")].map((item) => ({ item, text: null })),
  }));

  const shows = (entry, found, words) => {
    found.text ??= `${entry.title} ${textOf(found.item)}`;
    return words.every((word) => found.text.includes(word));
  };

  const filter = (input, output) => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const entry of entries) {
      let left = 0;
      for (const found of entry.items) {
        const shown = shows(entry, found, words);
        found.item.hidden = !shown;
        left += shown;
      }
      entry.group.hidden = left === 0;
      count += left;
    }
    output.textContent = words.length ? `${count.toLocaleString("en")} shown` : "";
  };

  if (form) {
    const [input, output] = [form.querySelector("input"), form.querySelector("output")];
    let waiting = 0;
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    input.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => filter(input, output), 120);
    });
  }

  const copy = async (button) => {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      getSelection().selectAllChildren(code);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  };
  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }

  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    for (let part = target; part; part = part.parentElement?.closest("details")) {
      if (part.tagName === "DETAILS") part.open = true;
    }
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
})();

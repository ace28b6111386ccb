// Light, dark, or what the system says; kept for the next visit where the browser allows it.

const THEMES = { "": "as the system", light: "light", dark: "dark" };
const STORAGE_KEY = "convformance-theme";

const storedTheme = () => {
  try {
    return localStorage.getItem(STORAGE_KEY) ?? "";
  } catch {
    return "";
  }
};

const storeTheme = (theme) => {
  try {
    localStorage.setItem(STORAGE_KEY, theme);
  } catch {
    // A page from disk may have no storage: the choice then holds until it is closed.
  }
};

export const prepareTheme = (button) => {
  const names = Object.keys(THEMES);
  const apply = (theme) => {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    button.textContent = `Colours: ${THEMES[theme]}`;
  };
  let current = names.includes(storedTheme()) ? storedTheme() : "";
  button.hidden = false;
  button.addEventListener("click", () => {
    current = names[(names.indexOf(current) + 1) % names.length];
    storeTheme(current);
    apply(current);
  });
  apply(current);
};

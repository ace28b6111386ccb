// The state of the page in its address: #view=verdicts&q=...&sort=..., #case=...&adapter=..., or the id of an element.

/** Return the state that the address holds. */
export const state = () => {
  const hash = location.hash.slice(1);
  return hash.includes("=") ? Object.fromEntries(new URLSearchParams(hash)) : { id: hash };
};

/** Return the address of a state; what is empty is left out. */
export const address = (entries) => {
  const filled = Object.entries(entries).filter(([, value]) => value);
  return `#${new URLSearchParams(filled)}`;
};

export const addressOf = (data, row) => address(data.key(row));

/** Go to a state, as a new entry of the history. */
export const go = (entries) => {
  location.hash = address(entries);
};

/** Write a state into the address without a new entry of the history. */
export const replaceState = (entries) => history.replaceState(null, "", address(entries));

// A long list of which only the rows in view exist: a grid that scrolls, one row of it in the order of tabbing.

import { el } from "./dom.js";

const SPARE = 6;
const PRINTED = 400;

/** Shows `rows` (any number) by calling `draw(row)` for those in view; `open(row)` is called when one is chosen. */
export class List {
  constructor(grid, body, { draw, open }) {
    Object.assign(this, { grid, body, draw, open, rows: [], current: 0, drawn: [0, 0], printing: false });
    grid.addEventListener("scroll", () => requestAnimationFrame(() => this.show()), { passive: true });
    body.addEventListener("click", (event) => this.clicked(event));
    grid.addEventListener("keydown", (event) => this.pressed(event));
    addEventListener("resize", () => this.resized());
    addEventListener("beforeprint", () => this.print(true));
    addEventListener("afterprint", () => this.print(false));
  }

  /** Show other rows, from the first on. */
  set(rows) {
    this.rows = rows;
    this.current = 0;
    this.grid.setAttribute("aria-rowcount", rows.length + 1);
    this.grid.scrollTop = 0;
    this.resized();
  }

  /** Measure the height of a row, which the style sheet decides, and draw anew. */
  resized() {
    this.height = parseFloat(getComputedStyle(this.body).getPropertyValue("--row")) || 40;
    this.body.style.height = `${this.height * this.rows.length}px`;
    this.drawn = [0, 0];
    this.show();
  }

  /** Draw the rows that are in view and some beside them. */
  show() {
    const first = Math.floor(this.grid.scrollTop / this.height) - SPARE;
    const seen = Math.ceil((this.grid.clientHeight || 600) / this.height) + 2 * SPARE;
    const start = this.printing ? 0 : Math.max(0, first);
    const end = Math.min(this.rows.length, this.printing ? PRINTED : first + seen);
    if (this.drawn[0] === start && this.drawn[1] === end && end > start) return;
    const focused = this.body.contains(document.activeElement);
    this.drawn = [start, end];
    this.body.replaceChildren(...this.rows.slice(start, end).map((row, offset) => this.rowElement(row, start + offset)));
    if (focused) this.body.querySelector("[tabindex='0']")?.focus({ preventScroll: true });
  }

  /** Return the element of a row, at its position in the list. */
  rowElement(row, position) {
    const element = el("div", {
      role: "row",
      class: "row",
      "data-row": row,
      "data-position": position,
      "aria-rowindex": position + 2,
      tabindex: position === this.current ? "0" : "-1",
    });
    element.append(...this.draw(row));
    element.style.transform = `translateY(${position * this.height}px)`;
    return element;
  }

  clicked(event) {
    const row = event.target.closest("[data-row]");
    if (row && !event.target.closest("a") && String(getSelection()) === "") this.open(Number(row.dataset.row));
  }

  pressed(event) {
    if (!this.body.contains(event.target)) return;
    const page = Math.max(1, Math.floor(this.grid.clientHeight / this.height) - 2);
    const last = this.rows.length - 1;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -last, End: last };
    if (event.key in steps) this.move(Math.min(last, Math.max(0, this.current + steps[event.key])));
    else if (event.key === "Enter" && event.target.dataset.row) this.open(Number(event.target.dataset.row));
    else return;
    event.preventDefault();
  }

  /** Make a row the current one and bring it into view. */
  move(position) {
    this.current = position;
    const [top, room] = [position * this.height, this.grid.clientHeight - 2 * this.height];
    if (top < this.grid.scrollTop) this.grid.scrollTop = top;
    else if (top > this.grid.scrollTop + room) this.grid.scrollTop = top - room;
    this.drawn = [0, 0];
    this.show();
    this.body.querySelector(`[data-position="${position}"]`)?.focus({ preventScroll: true });
  }

  /** For paper, draw the first rows one below the other. */
  print(printing) {
    this.printing = printing;
    this.drawn = [0, 0];
    this.show();
  }
}

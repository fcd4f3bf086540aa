// A fleet in one picture: one cell an agent, in the server's order (worst first), on a canvas.
// <canvas id="fleet" class="field" phx-hook="Field" phx-update="ignore" tabindex="0" role="img" aria-label="…"></canvas>
// server -> field:<id> {cells | runs, as_of}        cells: a string, one letter a cell: b bad, w warn, g good, i idle, o offline;
//                                                   runs: the same, equal neighbours counted: "b12w40g9000". Only cells that changed are painted
//           field-data:<id> {changes: [[index, letter]…], as_of}
// page   -> field_hover {id, index} (at most 10 a second, null when left) · field_open {id, index}
// Bad cells are full squares, warnings have a cut corner, good ones are smaller, idle ones a dot: the shape says it without the colour.
import { tell, tellDrawn } from "./pulse.js";

const colours = { b: "--bad", w: "--warn", g: "--good", i: "--line-strong", o: "--line" };

const spread = runs => [...runs.matchAll(/([a-z])(\d+)/g)].flatMap(([, letter, count]) => Array(Math.min(+count, 100_000)).fill(letter));

export const Field = {
  mounted() {
    this.cells = [];
    this.chosen = -1;
    const { id } = this.el;
    this.handleEvent(`field:${id}`, ({ cells, runs, as_of }) => { this.as_of = as_of; this.show(runs === undefined ? [...cells] : spread(runs)); });
    this.handleEvent(`field-data:${id}`, ({ changes, as_of }) => {
      this.as_of = as_of;
      for (const [index, letter] of changes) if (index < this.cells.length) { this.cells[index] = letter; this.dirty.add(index); }
      this.ask();
    });
    this.dirty = new Set();
    this.size = new ResizeObserver(() => this.all());
    this.size.observe(this.el);
    this.retheme = () => this.all();
    window.addEventListener("aybiza:theme", this.retheme);
    this.paper = () => { this.whole = true; this.paint(); };
    window.addEventListener("beforeprint", this.paper);
    window.addEventListener("afterprint", this.retheme);
    this.el.addEventListener("pointermove", e => this.choose(this.at(e)));
    this.el.addEventListener("pointerleave", () => this.choose(-1));
    this.el.addEventListener("click", e => this.open(this.at(e)));
    this.el.addEventListener("keydown", e => this.key(e));
  },
  destroyed() {
    this.size.disconnect();
    window.removeEventListener("aybiza:theme", this.retheme);
    window.removeEventListener("beforeprint", this.paper);
    window.removeEventListener("afterprint", this.retheme);
    cancelAnimationFrame(this.frame);
    clearTimeout(this.later);
  },
  all() { this.whole = true; this.ask(); },
  show(cells) {
    const before = this.cells;
    this.cells = cells;
    if (before.length !== cells.length) return this.all();
    for (let i = 0; i < cells.length; i++) if (cells[i] !== before[i]) this.dirty.add(i);
    this.ask();
  },
  ask() { this.frame ||= requestAnimationFrame(() => { this.frame = 0; this.paint(); }); },

  // The largest square cell with which everything fits; a small fleet fills the screen with larger ones than it has among other tiles.
  layout() {
    const ratio = devicePixelRatio || 1, width = this.el.clientWidth, height = this.el.clientHeight, count = this.cells.length;
    this.el.width = Math.round(width * ratio);
    this.el.height = Math.round(height * ratio);
    let step = Math.max(2, Math.floor(Math.sqrt((this.el.width * this.el.height) / Math.max(1, count))));
    while (step > 2 && Math.floor(this.el.width / step) * Math.floor(this.el.height / step) < count) step--;
    this.step = Math.min(step, (document.fullscreenElement?.contains(this.el) ? 96 : 40) * ratio);
    this.columns = Math.max(1, Math.floor(this.el.width / this.step));
  },
  paint() {
    if (this.el.clientWidth === 0) return;
    const pen = this.el.getContext("2d");
    if (this.whole) {
      this.layout();
      const style = getComputedStyle(document.documentElement);
      this.ink = Object.fromEntries(Object.entries(colours).map(([letter, name]) => [letter, style.getPropertyValue(name).trim()]));
      this.focus = style.getPropertyValue("--ink").trim();
      for (let i = 0; i < this.cells.length; i++) this.cell(pen, i);
    } else for (const i of this.dirty) this.cell(pen, i);
    this.whole = false;
    this.dirty.clear();
    tellDrawn(this.el.id, this.as_of);
  },
  cell(pen, index) {
    const { step, columns } = this, x = (index % columns) * step, y = Math.floor(index / columns) * step, letter = this.cells[index];
    if (!this.whole) pen.clearRect(x, y, step, step);  // a new size has cleared it all, and what is cleared while one prints is holes in the paper
    pen.fillStyle = this.ink[letter] ?? this.ink.o;
    pen.globalAlpha = letter === "g" ? 0.55 : 1;  // calm: what is well does not shout
    const gap = step > 4 ? 1 : 0, full = step - gap;
    if (letter === "b" || step < 5) pen.fillRect(x, y, full, full);
    else if (letter === "w") { pen.beginPath(); pen.moveTo(x, y); pen.lineTo(x + full, y); pen.lineTo(x + full, y + full / 2); pen.lineTo(x + full / 2, y + full); pen.lineTo(x, y + full); pen.fill(); }
    else { const inset = Math.floor(step * (letter === "g" ? 0.12 : 0.3)); pen.fillRect(x + inset, y + inset, full - 2 * inset, full - 2 * inset); }
    pen.globalAlpha = 1;
    if (index === this.chosen) { pen.strokeStyle = this.focus; pen.lineWidth = 2; pen.strokeRect(x + 1, y + 1, full - 2, full - 2); }
  },
  at(event) {
    const box = this.el.getBoundingClientRect(), scale = this.el.width / box.width;
    const column = Math.floor(((event.clientX - box.left) * scale) / this.step), row = Math.floor(((event.clientY - box.top) * scale) / this.step);
    const index = row * this.columns + column;
    return column < this.columns && index < this.cells.length ? index : -1;
  },
  choose(index) {
    if (index === this.chosen) return;
    for (const i of [this.chosen, index]) if (i >= 0) this.dirty.add(i);
    this.chosen = index;
    this.ask();
    this.later ||= setTimeout(() => { this.later = 0; tell("field_hover", { id: this.el.id, index: this.chosen < 0 ? null : this.chosen }); }, 100);
  },
  open(index) { if (index >= 0) tell("field_open", { id: this.el.id, index }); },
  key(event) {
    const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns }[event.key];
    if (move) this.choose(Math.max(0, Math.min(this.cells.length - 1, Math.max(0, this.chosen) + move)));
    else if (event.key === "Enter") this.open(this.chosen);
    else if (event.key === "Escape") this.choose(-1);
    else return;
    event.preventDefault();
  },
};

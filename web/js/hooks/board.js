// <div id="board-grid" class="grid board editing" phx-hook="Board"> section.tile[data-tile=ID] > [data-grip=ID] and [data-resize=ID] </div>
// page -> tile_drop {id, before}  dragged in front of another (0: to the end) · tile_move {id, by} · tile_size {id, wider, taller}
// A grip is dragged, or takes arrow keys: back and on; with Shift narrower, wider, lower, taller.
const keys = { ArrowLeft: [-1, -1, 0], ArrowUp: [-1, 0, -1], ArrowRight: [1, 1, 0], ArrowDown: [1, 0, 1] };

export const Board = {
  mounted() {
    this.down = e => this.begin(e);
    this.key = e => this.press(e);
    this.el.addEventListener("pointerdown", this.down);
    this.el.addEventListener("keydown", this.key);
  },
  // A tile that moves in the document loses the focus; whoever moves it by keys wants to go on.
  updated() {
    const grip = this.held && document.getElementById(this.held);
    if (grip && document.activeElement !== grip) grip.focus({ preventScroll: false });
  },
  press(event) {
    const grip = event.target.closest("[data-grip]"), way = keys[event.key];
    this.held = grip && way ? grip.id : null;
    if (!this.held || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const id = +grip.dataset.grip, [by, wider, taller] = way;
    if (event.shiftKey) this.pushEvent("tile_size", { id, wider, taller });
    else this.pushEvent("tile_move", { id, by });
  },
  begin(event) {
    const grip = event.target.closest("[data-grip]"), corner = event.target.closest("[data-resize]");
    if ((!grip && !corner) || event.button !== 0) return;
    event.preventDefault();
    this.held = null;
    grip?.focus();
    const handle = grip ?? corner, tile = handle.closest("[data-tile]");
    handle.setPointerCapture(event.pointerId);
    tile.classList.add("moving");
    const drag = grip ? this.moving(tile) : this.sizing(tile, event);
    const move = e => drag.to(e);
    const end = e => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", end);
      handle.removeEventListener("pointercancel", end);
      tile.classList.remove("moving");
      drag.end(e.type === "pointerup");
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);
  },
  // Over the first half of another tile: in front of it; over the second half: behind it.
  moving(tile) {
    let before = null, shown = null;
    const show = (other, side) => {
      shown?.classList.remove("drop-before", "drop-after");
      shown = other;
      shown?.classList.add(side);
    };
    return {
      to: e => {
        const other = document.elementsFromPoint(e.clientX, e.clientY).map(el => el.closest?.("[data-tile]")).find(el => el && el !== tile && this.el.contains(el));
        if (!other) return;
        const box = other.getBoundingClientRect(), column = box.width > 0.8 * this.el.clientWidth;  // one below the other
        const first = column ? e.clientY < box.top + box.height / 2 : e.clientX < box.left + box.width / 2;
        const next = other.nextElementSibling?.closest("[data-tile]");
        before = first ? +other.dataset.tile : next === tile ? +(tile.nextElementSibling?.dataset.tile ?? 0) : +(next?.dataset.tile ?? 0);
        show(other, first ? "drop-before" : "drop-after");
      },
      end: done => {
        show(null);
        if (done && before !== null) this.pushEvent("tile_drop", { id: +tile.dataset.tile, before });
      },
    };
  },
  sizing(tile, start) {
    const style = getComputedStyle(this.el), columns = style.gridTemplateColumns.split(" ").length, gap = parseFloat(style.columnGap) || 0;
    const column = (this.el.clientWidth + gap) / columns, row = (parseFloat(style.gridAutoRows) || 84) + gap;
    let wider = 0, taller = 0;
    return {
      to: e => {
        wider = Math.round((e.clientX - start.clientX) / column) * Math.round(12 / columns);
        taller = Math.round((e.clientY - start.clientY) / row);
        tile.dataset.size = `${wider >= 0 ? "+" : ""}${wider} × ${taller >= 0 ? "+" : ""}${taller}`;
      },
      end: done => {
        delete tile.dataset.size;
        if (done && (wider || taller)) this.pushEvent("tile_size", { id: +tile.dataset.tile, wider, taller });
      },
    };
  },
  destroyed() {
    this.el.removeEventListener("pointerdown", this.down);
    this.el.removeEventListener("keydown", this.key);
  },
};

// <div id="wall" phx-hook="Wall" data-every="20"></div>: asks for the next board every so many seconds; f fills the screen.
export const Wall = {
  mounted() {
    document.documentElement.dataset.wall = "";
    this.timer = setInterval(() => !document.hidden && this.pushEvent("wall_next", {}), 1000 * (+this.el.dataset.every || 20));
    this.key = e => e.key === "f" && !e.ctrlKey && !e.metaKey && !e.altKey && (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen());
    window.addEventListener("keydown", this.key);
  },
  destroyed() {
    delete document.documentElement.dataset.wall;
    clearInterval(this.timer);
    window.removeEventListener("keydown", this.key);
  },
};

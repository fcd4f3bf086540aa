// <div id="board-grid" class="grid board editing" phx-hook="Board"> section.tile[data-tile=ID] > [data-grip=ID] and [data-resize=ID] </div>
// page -> tile_drop {id, before}  dragged in front of another (0: to the end) · tile_move {id, by} · tile_size {id, wider, taller}
// A grip is dragged, or takes arrow keys: back and on; with Shift narrower, wider, lower, taller.
const keys = { ArrowLeft: [-1, -1, 0], ArrowUp: [-1, 0, -1], ArrowRight: [1, 1, 0], ArrowDown: [1, 0, 1] };

// Drags `tile` by `handle` until it is let go; what `drag` does at each point, and with the last.
function follow(handle, tile, event, drag) {
  handle.setPointerCapture(event.pointerId);
  tile.classList.add("moving");
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
}

// Over the first half of another tile: in front of it; over the second half: behind it. `tiles` are those of `area` as they are seen; dropped(before) gets one of them, or null: to the end.
function moving(area, tile, tiles, dropped) {
  let before, shown = null;
  const show = (other, side) => {
    shown?.classList.remove("drop-before", "drop-after");
    shown = other;
    shown?.classList.add(side);
  };
  return {
    to: e => {
      const under = document.elementsFromPoint(e.clientX, e.clientY), other = tiles.find(el => el !== tile && under.includes(el));
      if (!other) return;
      const box = other.getBoundingClientRect(), column = box.width > 0.8 * area.clientWidth;  // one below the other
      const first = column ? e.clientY < box.top + box.height / 2 : e.clientX < box.left + box.width / 2;
      const rest = tiles.filter(el => el !== tile);
      before = first ? other : rest[rest.indexOf(other) + 1] ?? null;
      show(other, first ? "drop-before" : "drop-after");
    },
    end: done => {
      show(null);
      if (done && before !== undefined) dropped(before);
    },
  };
}

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
    const handle = grip ?? corner, tile = handle.closest("[data-tile]"), tiles = [...this.el.querySelectorAll("[data-tile]")];
    follow(handle, tile, event, corner ? this.sizing(tile, event) : moving(this.el, tile, tiles, before => this.pushEvent("tile_drop", { id: +tile.dataset.tile, before: +(before?.dataset.tile ?? 0) })));
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

// <button id="arrange" phx-hook="Arrange" aria-pressed> shows the grips of the page's tiles: section.tile#tile-NAME > header > button.grip[data-grip=NAME].
// They stay where they are in the document: a style sheet orders them, and the server says which (tiles {href}).
// page -> tile_place {tile, before}   in front of that one; "": last
const arrangeable = grip => grip.closest("[phx-hook=Board]") ? null : grip.closest(".tile");
const inOrder = grid => [...grid.children].filter(el => el.querySelector(":scope > header > [data-grip]") && el.clientWidth > 0)
  .map((el, i) => [+getComputedStyle(el).order, i, el]).sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, , el]) => el);
const nameOf = tile => tile?.querySelector(":scope > header > [data-grip]").dataset.grip ?? "";

export const Arrange = {
  mounted() {
    this.area = document.getElementById("main");
    this.down = e => this.begin(e);
    this.key = e => this.press(e);
    this.area.addEventListener("pointerdown", this.down);
    this.area.addEventListener("keydown", this.key);
    this.el.addEventListener("click", () => this.show(!this.on()));
    this.handleEvent("tiles", ({ href }) => this.dress(href));
    this.show(this.on());
  },
  on: () => "arranging" in document.documentElement.dataset,
  show(on) {
    if (on) document.documentElement.dataset.arranging = "";
    else delete document.documentElement.dataset.arranging;
    this.el.setAttribute("aria-pressed", `${on}`);
  },
  // The old sheet goes when the new one is there: between them the tiles would jump back.
  dress(href) {
    const old = [...document.head.querySelectorAll("link[href^='/preferences.css']")];
    if (old.at(-1)?.getAttribute("href") === href) return;
    const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
    sheet.addEventListener("load", () => old.forEach(link => link.remove()));
    document.head.append(sheet);
  },
  press(event) {
    const grip = event.target.closest("[data-grip]"), tile = grip && arrangeable(grip), by = keys[event.key]?.[0];
    if (!tile || !by || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    const tiles = inOrder(tile.parentElement), at = tiles.indexOf(tile);
    if (!tiles[at + by]) return;
    this.place(tile, tiles[by < 0 ? at - 1 : at + 2]);
  },
  place(tile, before) { this.pushEvent("tile_place", { tile: nameOf(tile), before: nameOf(before) }); },
  begin(event) {
    const grip = event.target.closest("[data-grip]"), tile = grip && arrangeable(grip);
    if (!tile || event.button !== 0) return;
    event.preventDefault();
    grip.focus();
    follow(grip, tile, event, moving(tile.parentElement, tile, inOrder(tile.parentElement), before => this.place(tile, before)));
  },
  destroyed() {
    this.area.removeEventListener("pointerdown", this.down);
    this.area.removeEventListener("keydown", this.key);
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

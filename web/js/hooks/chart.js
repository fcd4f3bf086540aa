// <div id="volume" class="chart" phx-hook="Chart" phx-update="ignore" role="img" aria-label="…" [data-map="world"]></div>
// server -> chart:<id> {option, as_of}                      the whole chart
//           chart-data:<id> {as_of, append?, keep_from?, set?, tree?}
//             append: [[series index, [[x, y…]…]]…]   rows sorted by x; a row whose x is already the last one's replaces it
//             keep_from: x                            older rows are dropped
//             set: {…}                                a partial option to merge (gauge value, pie data, axis bounds)
//             tree: [[value, step]…]                  a treemap's parts, outer before inner: their size, and their colour (-1: none)
//           chart-marks {marks: [{name, xAxis}…]}           what every chart over time marks: what was changed when
// page   -> chart_range {id, from, to}                      brushed: every chart over time can be, where the pointer is fine
//           chart_click {id, series, name, x, value, path}          path: of a part of a treemap, the outermost first
// In an option "$good" stands for the token --good, "@ms" for the formatter of that name (format.js). Tooltips are rich text:
// the HTML ones would need inline styles, which the CSP refuses.
import { formats } from "../format.js";
import { tell, tellDrawn, tellError } from "./pulse.js";

let library = null;  // loaded after first paint, by the first chart of a page or before it (preload)
const load = () => (library ??= import(__CHARTS_URL__).catch(error => { library = null; throw error; }));  // the next chart tries again
const maps = new Map();
const loadShapes = name => {
  if (!maps.has(name)) maps.set(name, fetch(__WORLD_URL__).then(r => r.json()).catch(error => { maps.delete(name); throw error; }));
  return maps.get(name);
};
const known = new Set();
async function loadMap(name) {
  const [charts, shapes] = await Promise.all([load(), loadShapes(name)]);
  if (!known.has(name)) known.add(name), charts.registerMap(name, shapes);
}

// A page with charts gets their library while the socket connects, not when the first chart is mounted: what it takes to
// parse it would otherwise stand between a chart's data and its ink. Not before the first paint, which it would hold up.
export function preloadCharts() {
  if (!document.querySelector(".chart")) return;
  load().catch(() => {});  // a chart that needs it says so
  const map = document.querySelector(".chart[data-map]");
  if (map) loadShapes(map.dataset.map).catch(() => {});
}

const token = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function theme() {
  const ink = token("ink-soft"), faint = token("ink-faint"), line = token("line");
  const axis = { axisLine: { lineStyle: { color: line } }, axisTick: { show: false }, axisLabel: { color: faint, fontSize: 11, hideOverlap: true },
    splitLine: { lineStyle: { color: line, opacity: 0.7 } }, nameTextStyle: { color: faint } };
  return {
    color: [1, 2, 3, 4, 5, 6, 7, 8].map(i => token(`c${i}`)), backgroundColor: "transparent",
    textStyle: { fontFamily: token("font"), color: ink }, legend: { textStyle: { color: ink }, inactiveColor: faint, pageTextStyle: { color: ink } },
    categoryAxis: { ...axis, splitLine: { show: false } }, valueAxis: axis, timeAxis: { ...axis, splitLine: { show: false } }, logAxis: axis,
    tooltip: { backgroundColor: token("raised"), borderColor: token("line-strong"), borderWidth: 1, textStyle: { color: token("ink"), fontSize: 12 } },
    gauge: { axisLine: { lineStyle: { color: [[1, line]] } }, title: { color: ink }, detail: { color: token("ink") } },
    map: { itemStyle: { areaColor: token("land"), borderColor: token("surface"), borderWidth: 0.5 }, label: { color: ink } },
    geo: { itemStyle: { areaColor: token("land"), borderColor: token("surface"), borderWidth: 0.5 }, label: { color: ink } },
    visualMap: { textStyle: { color: ink }, inRange: { color: [0, 1, 2, 3, 4].map(i => token(`heat-${i}`)) } },
  };
}

function resolve(value) {
  if (typeof value === "string") {
    if (value[0] === "$" && /^\$[a-z][a-z0-9-]*$/.test(value)) return token(value.slice(1)) || value;
    if (value[0] === "@" && formats[value.slice(1)]) return formats[value.slice(1)];
    return value;
  }
  if (Array.isArray(value)) return typeof value[0] === "number" && typeof value.at(-1) === "number" ? value : value.map(resolve);
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, k === "data" && isRows(v) ? v : resolve(v)]));
  return value;
}
const isRows = v => Array.isArray(v) && (Array.isArray(v[0]) || typeof v[0] === "number");

// What charts over time have alike: they can be brushed (a finger scrolls instead), and they mark what was changed when.
let marks = [];
const overTime = option => [].concat(option.xAxis ?? []).some(axis => axis.type === "time");
const brushed = option => overTime(option) && !matchMedia("(pointer: coarse)").matches;
const ruler = document.createElement("canvas").getContext("2d");
let family;
const wide = (text, size) => {
  ruler.font = `${size}px ${(family ??= token("font"))}`;
  return ruler.measureText(text).width;
};

// Marks that would touch are one, called after the first, with how many more it stands for. Its name stands above the plot, where it covers
// nothing, if there is room for it beside those before it and within the chart; otherwise it is shown when the mark is pointed at.
const apart = 24;  // px
function named(option, width) {
  const times = [].concat(option.series ?? []).flatMap(one => (isRows(one.data) ? [one.data[0]?.[0], one.data.at(-1)?.[0]] : [])).filter(Number.isFinite);
  const { left = 0, right = 0, top } = option.grid ?? {}, { min, max } = [].concat(option.xAxis)[0];
  const from = Number.isFinite(min) ? min : Math.min(...times), to = Number.isFinite(max) ? max : Math.max(...times), room = width - left - right;
  const groups = [];
  for (const mark of marks.filter(mark => mark.xAxis >= from && mark.xAxis <= to).sort((a, b) => a.xAxis - b.xAxis)) {
    const x = left + (room * (mark.xAxis - from)) / (to - from), last = groups.at(-1);
    if (last && x - last.x < apart) last.more++;
    else groups.push({ mark, x, more: 0 });
  }
  let free = left;
  return groups.map(({ mark, x, more }) => {
    const name = more ? `${mark.name} +${more}` : mark.name, half = wide(name, 10) / 2 + 3;
    const show = Number.isFinite(top) && x - half >= free && x + half <= width;
    if (show) free = x + half;
    return { ...mark, name, label: { show } };
  });
}
function decorated(option, width) {
  if (!overTime(option)) return option;
  const series = [].concat(option.series ?? []), first = series.findIndex(one => one.type === "line" || one.type === "bar");
  if (first < 0) return option;
  const data = named(option, width), above = data.some(mark => mark.label.show) ? 12 : 0;
  series[first] = { markLine: { symbol: ["none", "triangle"], symbolSize: 7, lineStyle: { color: "$ink-faint", type: "dotted", width: 1 },
    label: { formatter: "{b}", color: "$ink-soft", fontSize: 10, backgroundColor: "$surface", position: "end", distance: 4 }, emphasis: { label: { show: true, color: "$ink" } }, data }, ...series[first] };
  return { ...option, ...(above && { grid: { ...option.grid, top: option.grid.top + above } }), series, ...(brushed(option) && { brush: { xAxisIndex: 0, toolbox: [], outOfBrush: { colorAlpha: 0.4 } } }) };
}

// Where names have no room beside each other, a flow runs from top to bottom, and they stand below their places.
const narrow = 480;  // px
const downwards = one => Object.assign(one, { orient: "vertical", left: 8, right: 8, top: 4, bottom: 22, label: { ...one.label, position: "bottom", distance: 3, width: 140 } });

function appended(rows, fresh, keep_from) {
  const first = fresh[0]?.[0];
  let end = rows.length;
  while (end > 0 && rows[end - 1][0] >= first) end--;
  let start = 0;
  if (keep_from !== undefined) while (start < end && rows[start][0] < keep_from) start++;
  return rows.slice(start, end).concat(fresh);
}

// Charts take turns: a frame draws until a few milliseconds are spent and leaves the others to the next, so that five
// charts that are renewed together never stand between a figure and the screen.
const frame_budget_ms = 6;
const waiting = new Set();
let frame = 0;
function paintSoon(chart) {
  waiting.add(chart);
  frame ||= requestAnimationFrame(paintSome);
}
function paintSome() {
  frame = 0;
  const began = performance.now();
  for (const chart of waiting) {
    waiting.delete(chart);
    try { chart.paint(); } catch (error) { tellError(`chart ${chart.el.id}: ${error.message}`); }
    if (performance.now() - began > frame_budget_ms) break;
  }
  if (waiting.size) frame = requestAnimationFrame(paintSome);
}

// Charts in view that have something to draw and have not: a picture of the page waits for them.
const mounted = new Set();
const inView = el => el.clientWidth > 0 && el.getBoundingClientRect().top < innerHeight;
export const chartsWaiting = () => [...mounted].filter(chart => chart.option && chart.pending && inView(chart.el)).length;

// On paper a chart is drawn for the place that the style sheet gives its tile there, all of them, whether they are in sight or not, in light
// colours: before the browser lays out the sheets, for it draws nothing while it does. There they are as wide as their tile.
let on_paper = false;
const paper = { whole: [1060, 300], half: [520, 230], part: [250, 170] };
function placeOnPaper(el) {
  const width = +/\bw-(\d+)\b/.exec(el.closest(".tile")?.className ?? "")?.[1] || 12;
  return paper[width >= 7 ? "whole" : width >= 4 || el.closest(".mid") ? "half" : "part"];
}
let screen_theme;
window.addEventListener("beforeprint", () => {
  if (on_paper) return;
  on_paper = true;
  const root = document.documentElement;
  screen_theme = root.dataset.theme;
  root.dataset.theme = "light";
  for (const chart of mounted) chart.print();
});
window.addEventListener("afterprint", () => {
  if (!on_paper) return;
  on_paper = false;
  if (screen_theme === undefined) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = screen_theme;
  for (const chart of mounted) {
    chart.stale_size = chart.stale_theme = true;
    if (chart.option) chart.draw("all");
  }
});

export const Chart = {
  async mounted() {
    mounted.add(this);
    this.option = null;      // as the server sent it, with the rows appended since
    this.as_of = NaN;
    this.pending = null;     // "all" | "data": what the next frame has to draw
    this.seen = false;       // until the observer has said so, which it does at once
    const { id } = this.el;
    this.handleEvent(`chart:${id}`, message => {
      this.option = message.option;
      this.as_of = message.as_of ?? NaN;
      this.draw("all");
    });
    this.handleEvent("chart-marks", message => {
      marks = message.marks;
      if (this.option && overTime(this.option)) this.draw("data");
    });
    this.handleEvent(`chart-data:${id}`, message => this.merge(message));
    this.retheme = () => { this.stale_theme = true; this.draw("all"); };
    window.addEventListener("aybiza:theme", this.retheme);
    this.size = new ResizeObserver(() => { if (on_paper) return; this.stale_size = true; this.draw("size"); });
    this.size.observe(this.el);
    // The last of them: the ones before it are what was seen since the last time it was told, and over.
    this.sight = new IntersectionObserver(entries => { this.seen = entries.at(-1).isIntersecting; if (this.seen && this.pending) this.draw(this.pending); });
    this.sight.observe(this.el);
    this.shown = () => { if (!document.hidden && this.pending) this.draw(this.pending); };
    document.addEventListener("visibilitychange", this.shown);
    try {
      const charts = await load();
      if (this.el.dataset.map) await loadMap(this.el.dataset.map);
      if (this.gone) return;
      this.charts = charts;
      if (this.option) this.draw("all");
    } catch (error) { tellError(`chart ${id}: ${error.message}`); }
  },

  merge({ append, keep_from, set, tree, as_of }) {
    if (!this.option) return;
    const series = this.option.series ? [].concat(this.option.series) : [];
    for (const [index, fresh] of append ?? [])
      if (series[index]) series[index] = { ...series[index], data: appended(series[index].data ?? [], fresh, keep_from) };
    if (tree) series[0] = { ...series[0], data: refigured(series[0].data, tree.values()) };
    this.option = { ...this.option, series };
    if (set) this.option = mergeOption(this.option, set);
    if (as_of !== undefined) this.as_of = as_of;
    this.draw("data");
  },

  // The newest state is drawn once a frame; what came in between is never drawn, and a chart nobody sees waits.
  draw(what) {
    this.pending = what === "all" || this.pending === "all" ? "all" : what === "data" || this.pending === "data" ? "data" : what;
    if (!this.charts || !this.seen || document.hidden || on_paper) return;
    paintSoon(this);
  },

  paint() {
    const what = this.pending;
    this.pending = null;
    if (!this.option || this.gone) return;
    if (this.el.clientWidth === 0) { this.pending = what; return; }  // hidden: drawn when it gets a size
    if (!this.chart) this.start();
    if (this.stale_theme) { this.chart.setTheme(theme()); this.stale_theme = false; }
    if (this.stale_size) { this.chart.resize({ width: "auto", height: "auto" }); this.stale_size = false; }
    if (what === "size") {
      if (marks.length && overTime(this.option)) this.put(false);  // which of their names have room
      if ([].concat(this.option.series ?? []).some(one => one.type === "sankey")) this.put(true);  // it may run the other way now
      return;
    }
    this.put(what === "all");
    if (what === "all" && brushed(this.option)) this.chart.dispatchAction({ type: "takeGlobalCursor", key: "brush", brushOption: { brushType: "lineX", brushMode: "single" } });
    tellDrawn(this.el.id, this.as_of);
  },

  put(anew) {
    const quiet = { animation: false, ...resolve(decorated(this.option, this.chart.getWidth())) };
    for (const one of [].concat(quiet.series ?? [])) {
      if (one.type === "treemap") one.label.formatter = one.upperLabel.formatter = part => this.fitting(part);
      if (one.type === "sankey" && one.label && this.chart.getWidth() < narrow) downwards(one);
    }
    quiet.tooltip = { ...quiet.tooltip, renderMode: "richText", confine: true };
    this.chart.setOption(quiet, { notMerge: anew, lazyUpdate: false });
  },

  // A part of a treemap is named where its name fits: half a name is none. Pointing at it names every part.
  fitting({ dataIndex, name }) {
    const { width, height } = this.chart.getModel().getSeriesByIndex(0).getData().tree.getNodeByDataIndex(dataIndex).getLayout();
    return height >= 14 && wide(name, 11) + 14 <= width ? name : "";
  },

  print() {
    if (!this.charts || !this.option || this.el.clientWidth === 0) return;
    waiting.delete(this);
    if (!this.chart) this.start();
    const [width, height] = placeOnPaper(this.el);
    this.chart.setTheme(theme());
    this.chart.resize({ width, height });
    this.put(true);
    this.chart.getZr().flush();
    // What is drawn while one prints goes to the paper as strokes, and what a layer clears then is a hole in those below it: they become one.
    const [lowest, ...layers] = this.el.querySelectorAll("canvas"), pen = lowest.getContext("2d");
    pen.save();
    pen.setTransform(1, 0, 0, 1, 0, 0);
    for (const layer of layers) pen.drawImage(layer, 0, 0);
    pen.restore();
  },

  start() {
    const { id } = this.el;
    this.chart = this.charts.init(this.el, theme(), { renderer: "canvas" });
    this.stale_theme = this.stale_size = false;
    this.chart.on("click", p => tell("chart_click", { id, series: p.seriesName ?? null, name: p.name ?? null, x: Array.isArray(p.value) ? p.value[0] : null, value: p.value ?? null, ...(p.treePathInfo && { path: p.treePathInfo.slice(1).map(part => part.name) }) }));
    this.chart.on("brushEnd", ({ areas }) => {
      const range = areas?.[0]?.coordRange;
      if (!range || range[1] <= range[0]) return;
      this.chart.dispatchAction({ type: "brush", areas: [] });
      tell("chart_range", { id, from: Math.round(range[0]), to: Math.round(range[1]) });
    });
  },

  destroyed() {
    this.gone = true;
    mounted.delete(this);
    waiting.delete(this);
    window.removeEventListener("aybiza:theme", this.retheme);
    document.removeEventListener("visibilitychange", this.shown);
    this.size?.disconnect();
    this.sight?.disconnect();
    this.chart?.dispose();
  },
};

// Objects merge by key, lists of objects by position, everything else is replaced.
function mergeOption(old, fresh) {
  if (Array.isArray(fresh)) return Array.isArray(old) && isObjects(old) && isObjects(fresh) ? old.map((o, i) => (i in fresh ? mergeOption(o, fresh[i]) : o)).concat(fresh.slice(old.length)) : fresh;
  if (!fresh || typeof fresh !== "object" || !old || typeof old !== "object") return fresh;
  const merged = { ...old };
  for (const [key, value] of Object.entries(fresh)) merged[key] = key === "data" || key === "links" ? value : mergeOption(old[key], value);
  return merged;
}
const refigured = (parts, figures) => parts.map(part => {
  const [value, step] = figures.next().value, known = step >= 0;
  return { ...part, value, itemStyle: { color: known ? `$heat-${step}` : "$sunken" }, label: { color: known ? `$on-heat-${step}` : "$ink-soft" }, ...(part.children && { children: refigured(part.children, figures) }) };
});
const isObjects = list => list.every(item => item && typeof item === "object" && !Array.isArray(item));

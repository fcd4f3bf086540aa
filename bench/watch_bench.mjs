// A day of watching in small: one tab of Chromium and sockets on every other tab, while a fleet talks.
//   AYBIZA_BINARY=build/release/aybiza node bench/watch_bench.mjs [--seconds 30] [--rate 20000] [--agents 10000] [--history 1] [--memory 12GiB] [--minutes 0]
//   --memory      of the server (--memory-max): ended calls are held for late events, one for each 32 KiB, and 1 600 of them end in a second of 20 000 events;
//                 where one came later than they are held, live state is exact only from there on, and pages wait for the store (docs/limits.md)
//   --minutes N   instead: watch so long, going through the tabs, and tell the heap and the DOM as they were (an hour: 60)
//
// Method  The clock of emission to DOM is that of page_bench.mjs. A diff is a message of the socket that is no answer to
//         a question of the page, in bytes as they leave the server, which compresses none. What a diff costs the page is
//         the thread time of all tasks of its main thread from one diff to the next, charts, style, layout and paint
//         included, from Chromium's own trace; the time of a thread does not count what it waits for a core that others use.
//         A tab is changed by a click, and is there when its figures are and a frame has shown them.
import { request } from "node:http";
import { Server, connected, launch, settled } from "../tests/browser/lib.mjs";
import { accepted, conclude, coresDuring, figure, introduce, joinMany, mark_every_ms, markedRun, observeMillions, option, pause, quantile, sorted, startFleet, summary, tabs, told } from "./page_load.mjs";

const seconds = option("seconds", 30), minutes = option("minutes", 0), load = { rate: option("rate", 20_000), agents: option("agents", 10_000), history: option("history", 1) };
const sockets = 49, rounds = 3, memory = process.argv.includes("--memory") ? process.argv[process.argv.indexOf("--memory") + 1] : "12GiB";
const kB = bytes => (bytes / 1000).toFixed(1);

// ---- Diffs ----

function listen(page) {
  const arrived = page.socket.on_text;
  page.sizes = [];
  page.socket.on_text = text => {
    if (text.slice(0, 80).includes('"diff",')) page.sizes.push(Buffer.byteLength(text));
    arrived(text);
  };
}

// ---- The main thread ----

// Runs in the page: a mark in the trace for every diff that was put into it.
const markDiffs = () => window.addEventListener("phx:tick", () => performance.mark("aybiza-diff"));

const traced = ["toplevel", "blink.user_timing", "disabled-by-default-devtools.timeline"];
function mainThread(trace) {
  const events = JSON.parse(trace).traceEvents;
  const mark = events.find(e => e.name === "aybiza-diff");
  if (!mark) throw new Error("no diff was traced");
  const here = events.filter(e => e.pid === mark.pid && e.tid === mark.tid);
  const tasks = here.filter(e => e.name === "RunTask" && e.ph === "X").sort((a, b) => a.ts - b.ts);
  const marks = here.filter(e => e.name === "aybiza-diff").map(e => e.ts).sort((a, b) => a - b);
  const costs = [], longest = [];
  let next = 0, running = null;
  for (const task of tasks) {
    if (next < marks.length && task.ts + task.dur >= marks[next]) {  // the task that put a diff into the page
      if (running !== null) costs.push(running);
      running = 0;
      while (next < marks.length && task.ts + task.dur >= marks[next]) next++;
    }
    if (running === null) continue;
    running += (task.tdur ?? task.dur) / 1000;
    longest.push((task.tdur ?? task.dur) / 1000);
  }
  return { costs, longest };
}

// ---- Changing tabs ----

// Runs in the page.
function changeTab(href) {
  const painted = () => new Promise(resolve => requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = () => resolve(performance.now()); c.port2.postMessage(0); }));
  const link = document.querySelector(`nav.tabs a[href="${href}"]`), left = document.querySelector("[data-phx-main] [aria-busy]")?.id, began = performance.now();
  return new Promise(resolve => {
    let first;
    const look = () => {
      const page = document.querySelector("[data-phx-main] [aria-busy]");
      if (location.pathname !== href || !page || page.id === left) return;
      if (first === undefined && page.getAttribute("aria-busy") === "false") first = painted();
      if (first === undefined || page.querySelector(".loading")) return;
      seen.disconnect();
      const all = painted();
      first.then(async at => resolve({ figures: at - began, everything: (await all) - began }));
    };
    const seen = new MutationObserver(look);
    seen.observe(document.documentElement, { subtree: true, childList: true, attributes: true });
    link.click();
    look();
  });
}
async function changeTabs(page) {
  const found = new Map(tabs.map(path => [path, []]));
  for (let round = 0; round < rounds; round++)
    for (const path of [...tabs.slice(1), tabs[0]]) {
      await page.waitForSelector(`nav.tabs a[href="${path}"]`);
      found.get(path).push(await page.evaluate(changeTab, path));
      await pause(1500);  // somebody looks at it
    }
  return found;
}

// ---- Scripts ----

const brotliOf = url => new Promise((resolve, reject) => {
  request(url, { headers: { "accept-encoding": "br" } }, answer => {
    let bytes = 0;
    answer.on("data", piece => { bytes += piece.length; });
    answer.on("end", () => answer.headers["content-encoding"] === "br" ? resolve(bytes) : reject(new Error(`${url} does not come in brotli`)));
  }).on("error", reject).end();
});
async function scripts(page) {
  const asked = await page.evaluate(() => ({ first: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    files: performance.getEntriesByType("resource").filter(e => /\.js$/.test(new URL(e.name).pathname)).map(e => ({ url: e.name, at: e.startTime })) }));
  let before = 0, all = 0;
  for (const { url, at } of asked.files) {
    const bytes = await brotliOf(url);
    all += bytes;
    if (at < asked.first) before += bytes;
  }
  return { before, all };
}

// ---- Growth ----

async function weigh(page, debug) {
  for (let i = 0; i < 2; i++) await debug.send("HeapProfiler.collectGarbage");
  const { metrics } = await debug.send("Performance.getMetrics");
  const of = name => metrics.find(m => m.name === name).value;
  return { heap: of("JSHeapUsedSize"), nodes: of("Nodes"), listeners: of("JSEventListeners"), shown: await page.evaluate(() => document.querySelectorAll("*").length) };
}
// Half of the watching is a page left open, half of it goes through the tabs: both have to end where they began.
async function watchLong(page) {
  const debug = await page.context().newCDPSession(page);
  await debug.send("Performance.enable");
  for (const path of [...tabs.slice(1), tabs[0]]) await page.evaluate(changeTab, path), await pause(1000);  // every script is loaded, every chart was made once
  await pause(20_000);
  const weights = [], began = Date.now(), step_ms = Math.max(10_000, minutes * 60_000 / 20);
  while (Date.now() - began < minutes * 60_000) {
    const at = (Date.now() - began) / 60_000;
    weights.push({ at, ...await weigh(page, debug) });
    const w = weights.at(-1);
    console.log(`       ${at.toFixed(1).padStart(5)} min  heap ${kB(w.heap)} kB, nodes ${w.nodes}, elements shown ${w.shown}, listeners ${w.listeners}`);
    if (at > minutes / 2) for (const path of [...tabs.slice(1), tabs[0]]) await page.evaluate(changeTab, path), await pause(1000);
    await pause(step_ms - (Date.now() - began) % step_ms);
  }
  weights.push({ at: minutes, ...await weigh(page, debug) });
  const median = (list, what) => quantile(sorted(list.map(what)), 0.5), quarter = Math.ceil(weights.length / 4);
  const early = weights.slice(0, quarter), late = weights.slice(-quarter);
  for (const [what, of, slack] of [["heap", w => w.heap, 2e6], ["DOM nodes", w => w.nodes, 300]]) {
    const before = median(early, of), after = median(late, of);
    figure(`${what} over ${minutes} min`, `${before.toFixed(0)} in the first quarter, ${after.toFixed(0)} in the last (${((after / before - 1) * 100).toFixed(1)} %)`, after - before <= Math.max(slack, 0.05 * before), `flat: within 5 %, or ${slack}`);
  }
}

// ---- The run ----

const server = new Server(["--insecure-loopback", "--memory-max", memory]);
const browser = await launch();
let fleet;
try {
  await server.start();
  introduce("watch_bench.mjs", browser, load);
  fleet = await startFleet(server, load);
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await page.goto(`${server.url}/`);
  await connected(page);
  await settled(page);
  const others = await joinMany(server, sockets, tabs);
  if (minutes > 0) await watchLong(page);
  else {
    others.forEach(listen);
    await page.evaluate(observeMillions);
    await page.evaluate(markDiffs);
    await markedRun(server, page, 1, 10);  // warms up both ends
    const processes = (await (await browser.newBrowserCDPSession()).send("SystemInfo.getProcessInfo")).processInfo.map(p => p.id);
    const at_start = { accepted: await accepted(server), at: Date.now() };
    let run;
    const [own, load_cores, by_server, ...by_browser] = await coresDuring([process.pid, fleet.pid, server.process.pid, ...processes], async () => {
      run = await markedRun(server, page, 11, Math.max(20, Math.round(seconds * 1000 / mark_every_ms)));
    });
    const speed = (await accepted(server) - at_start.accepted) / ((Date.now() - at_start.at) / 1000);
    if (others.some(o => o.socket.code !== null)) throw new Error(`a socket was closed: ${others.map(o => o.socket.code)}`);
    console.log(`       at ${speed.toFixed(0)} events/s, one tab of Chromium and ${sockets} sockets on ${tabs.length} tabs`);
    console.log(`       cores: server ${by_server.toFixed(2)}, fleet ${load_cores.toFixed(2)}, Chromium ${by_browser.reduce((a, b) => a + b, 0).toFixed(2)}, the sockets and this script ${own.toFixed(2)}`);
    figure("emission to DOM", told(run.dom), run.dom.p99 <= 80, "p99 <= 80 ms; aim 50");
    console.log(`       of which the answer to the sender  ${told(run.answer)}`);
    const largest = [];
    for (const path of tabs) {
      const sizes = summary(others.filter(o => o.path === path).flatMap(o => o.sizes));
      largest.push(sizes.p99);
      console.log(`       a diff of ${path.padEnd(14)} p50 ${kB(sizes.p50)} kB, p99 ${kB(sizes.p99)} kB, max ${kB(sizes.max)} kB, ${(sizes.n / others.filter(o => o.path === path).length / seconds).toFixed(1)} /s`);
    }
    figure("a live diff", `p99 of the largest tab ${kB(Math.max(...largest))} kB`, Math.max(...largest) <= 4000, "<= 4 kB");

    await browser.startTracing(page, { categories: traced });
    await pause(10_000);
    const { costs, longest } = mainThread((await browser.stopTracing()).toString());
    const a_diff = summary(costs);
    figure("main thread, a diff", told(a_diff, "ms", 1), a_diff.p99 <= 8, "<= 8 ms");
    console.log(`       the longest single task ${Math.max(...longest).toFixed(1)} ms; the main thread is busy ${(costs.reduce((a, b) => a + b, 0) / 100).toFixed(1)} % of the time`);

    const found = await changeTabs(page);
    const medians = tabs.map(path => quantile(sorted(found.get(path).map(f => f.figures)), 0.5));
    for (const [i, path] of tabs.entries())
      console.log(`       to ${path.padEnd(14)} figures after ${medians[i].toFixed(0)} ms (${found.get(path).map(f => f.figures.toFixed(0)).join(", ")}), everything after ${quantile(sorted(found.get(path).map(f => f.everything)), 0.5).toFixed(0)} ms`);
    figure("tab change", `${Math.max(...medians).toFixed(0)} ms for the slowest tab (median of ${rounds})`, Math.max(...medians) <= 100, "<= 100 ms");
    const { before, all } = await scripts(page);
    figure("scripts before first paint", `${kB(before)} kB of brotli`, before <= 50_000, "<= 50 kB");
    figure("scripts in all", `${kB(all)} kB of brotli`, all <= 280_000, "<= 280 kB");
  }
} finally {
  fleet?.kill("SIGTERM");
  await browser.close();
  await server.end().catch(() => {});
}
conclude();

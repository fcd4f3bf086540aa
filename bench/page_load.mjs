// What the measurements of pages share: a fleet at its rate, marked events, sockets without a browser, and figures told
// beside what is required of them.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { cpus, release } from "node:os";
import { binary } from "../tests/browser/lib.mjs";
import { RawPage } from "../tests/browser/raw_socket.mjs";

export const option = (name, fallback) => { const at = process.argv.indexOf(`--${name}`); return at < 0 ? fallback : +process.argv[at + 1]; };
export const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
export const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
export const sorted = list => [...list].sort((a, b) => a - b);
export const mean = list => list.reduce((a, b) => a + b, 0) / list.length;
export const summary = list => { const s = sorted(list); return { n: s.length, p50: quantile(s, 0.5), p90: quantile(s, 0.9), p99: quantile(s, 0.99), max: s.at(-1) }; };
export const told = (s, unit = "ms", digits = 0) => `p50 ${s.p50.toFixed(digits)} ${unit}, p90 ${s.p90.toFixed(digits)} ${unit}, p99 ${s.p99.toFixed(digits)} ${unit}, max ${s.max.toFixed(digits)} ${unit}, n ${s.n}`;

const met = [];
export function figure(what, text, ok, required) {
  met.push(ok);
  console.log(`${ok ? "met   " : "MISSED"} ${what.padEnd(34)} ${text}   (required ${required})`);
}
export const conclude = () => console.log(met.every(Boolean) ? "all met" : "some missed");

// ---- The fleet ----

export const accepted = async server => (await (await fetch(`${server.url}/api/v1/audit/conservation`)).json()).accepted;

export const fleetCommand = ({ agents, rate, history }) => `aybiza simulate --agents ${agents} --rate ${rate} --backfill ${history}`;
export function introduce(file, browser, load) {
  const by = browser ? `, ${browser.browserType().name()} ${browser.version()}` : "";
  console.log(`machine ${cpus().length} × ${cpus()[0].model}, Linux ${release()}${by}\ndata    ${fleetCommand(load)}\ncommand node bench/${file} ${process.argv.slice(2).join(" ")}\n`);
}

// Answers when what it sends comes at its rate: the history is sent at once before it.
export async function startFleet(server, { agents, rate, history }) {
  const fleet = spawn(binary, ["simulate", "--agents", agents, "--rate", rate, "--backfill", history, "--seed", 7, "--url", server.url].map(String), { stdio: "ignore" });
  for (let last = 0, now = 0; ; last = now) {
    await pause(2000);
    now = await accepted(server);
    const speed = (now - last) / 2;
    if (last > 0 && speed > 0.8 * rate && speed < 1.2 * rate) return fleet;
  }
}

// ---- Marked events ----

const keep_alive = new Agent({ keepAlive: true, noDelay: true, maxSockets: 1 });
const run = `mark-${process.pid}`;
export function emit(server, n) {
  const at = new Date().toISOString(), call_id = `${run}-${n}`, base = { call_id, customer_id: "mark", agent_id: "mark", region: "eu-west-1" };
  const body = JSON.stringify([{ id: `${call_id}-s`, type: "call.started", time: at, data: base },
    { id: `${call_id}-e`, type: "call.ended", time: at, data: { ...base, call_outcome: "successful", total_duration_ms: 1000, cost_usd: 1e6 } }]);
  return new Promise((resolve, reject) => {
    const asked = request(`${server.url}/v1/events`, { agent: keep_alive, method: "POST", headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) } }, answer => {
      answer.resume();
      answer.on("end", () => answer.statusCode === 200 ? resolve({ emitted, answered: Date.now() }) : reject(new Error(`a marked event was answered ${answer.statusCode}`)));
    });
    asked.on("error", reject);
    const emitted = Date.now();
    asked.end(body);
  });
}

// Runs in the page: seen[k] is when the k-th million was first in the DOM.
export function observeMillions() {
  window.seen = {};
  let highest = 0;
  const look = () => {
    const shown = document.querySelector("#tile-spend_today_usd data.num");
    const millions = Math.floor(+(shown?.getAttribute("value") ?? 0) / 1e6);
    for (const now = Date.now(); highest < millions; ) window.seen[++highest] = now;
  };
  look();
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
}

export const mark_every_ms = 150;
// Emits so many marks, and answers how long each took until the page showed it, and until the sender was answered.
export async function markedRun(server, page, first, count) {
  const sent = [];
  for (let n = first; n < first + count; n++) {
    sent.push(emit(server, n));
    await pause(mark_every_ms * (0.5 + Math.random()));
  }
  const times = await Promise.all(sent);
  await page.waitForFunction(n => window.seen[n] !== undefined, first + count - 1, { timeout: 15_000 });
  const seen = await page.evaluate(() => window.seen);
  return { dom: summary(times.map((t, i) => seen[first + i] - t.emitted)), answer: summary(times.map(t => t.answered - t.emitted)) };
}

// ---- What threads spend ----

function cpuTicks(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return +stat[11] + +stat[12];  // user and system, in hundredths of a second
}
// The cores that each process used while `during` ran: one number a pid.
export async function coresDuring(pids, during) {
  const began = Date.now(), before = pids.map(cpuTicks);
  await during();
  const seconds = (Date.now() - began) / 1000;
  return pids.map((pid, i) => (cpuTicks(pid) - before[i]) / 100 / seconds);
}
export const coreShare = async (pid, over_s) => (await coresDuring([pid], () => pause(over_s * 1000)))[0];
export const residentKiB = pid => +/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1];

// ---- Sockets without a browser ----

export const tabs = ["/", "/agents", "/conversations", "/calls", "/costs", "/learning", "/system"];
export const joined = async (server, path = "/") => { const page = await RawPage.open(server.url + path); page.path = path; page.acknowledge_ticks(); await page.join(); return page; };
export async function joinMany(server, n, paths = ["/"], together = 1) {
  const pages = [];
  while (pages.length < n) pages.push(...await Promise.all(Array.from({ length: Math.min(together, n - pages.length) }, (_, i) => joined(server, paths[(pages.length + i) % paths.length]))));
  return pages;
}

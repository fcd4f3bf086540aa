// What the page tells the server about itself: ticks drawn, how old what it drew was, errors, whether anybody looks.
// Every push goes out on one tiny element, because LiveView locks the pushing element until the reply.
//   <div id="pulse" phx-hook="Pulse" phx-update="ignore"></div>
// server -> tick {n, at}          at: server's clock in ms
// page   -> ack {n, drawn_ms, age_ms}    newest tick only, one in flight; a reply {at} teaches us the server's clock
//           drawn {charts: [{id, as_of, age_ms}]}    at most once a second
//           table {name, open} of each table that is open (tables.js); hidden {hidden}; client_error {message, source, line, column, stack}    at most 10 a page
import { tellOpenTables } from "./tables.js";
import { ageClass, ageOf, ageText, learnClock } from "./age.js";

let hook = null;           // the mounted Pulse
const waiting = [];        // what was said before it was mounted
const waiting_limit = 20;

export function tell(event, payload, reply) {
  if (hook?.away) return;  // it would be old news when the socket is back
  if (hook) hook.pushEvent(event, payload, reply);
  else if (waiting.length < waiting_limit) waiting.push([event, payload, reply]);
}

const drawn = new Map();
export function tellDrawn(id, as_of) {
  if (Number.isFinite(as_of)) drawn.set(id, { id, as_of, age_ms: Math.round(ageOf(as_of)) });
}

let errors = 0;
const errors_limit = 10;
export function tellError(message, more = {}) {
  if (errors++ >= errors_limit) return;
  tell("client_error", { message: String(message).slice(0, 500), url: location.pathname, ...more });
}

export function report_errors() {
  window.addEventListener("error", e => tellError(e.message, {
    source: String(e.filename ?? "").split("/").pop(), line: e.lineno, column: e.colno, stack: String(e.error?.stack ?? "").slice(0, 1000) }));
  window.addEventListener("unhandledrejection", e => tellError(e.reason?.message ?? e.reason, { stack: String(e.reason?.stack ?? "").slice(0, 1000) }));
  window.addEventListener("phx:live-view:diagnostic", ({ detail }) => {  // LiveView's own view of what went wrong; a lost network is not a fault of the page
    if (detail.level === "error" && detail.attribution !== "network") tellError(`LiveView ${detail.code}: ${detail.message}`, { source: detail.attribution });
  });
  document.addEventListener("securitypolicyviolation", e => tellError(`CSP refused ${e.effectiveDirective}`, { source: e.blockedURI, line: e.lineNumber }));
}

// After the next paint; a hidden page does not paint, so it answers at once.
function afterPaint(then) {
  if (document.hidden) return then();
  requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = then; c.port2.postMessage(0); });
}

export const Pulse = {
  mounted() {
    hook = this;
    for (const [event, payload, reply] of waiting.splice(0)) this.pushEvent(event, payload, reply);
    tellOpenTables();
    this.newest = null;
    this.in_flight = false;
    this.handleEvent("tick", tick => {
      this.newest = { ...tick, received: performance.now() };
      afterPaint(() => this.ack());
    });
    this.visible = () => tell("hidden", { hidden: document.hidden });
    document.addEventListener("visibilitychange", this.visible);
    if (document.hidden) this.visible();
    this.clock = setInterval(() => refreshAges(), 250);
    this.reports = setInterval(() => this.report(), 1000);
  },
  ack() {
    if (this.in_flight || !this.newest || this.away) return;
    const { n, at, received } = this.newest, sent = Date.now();
    this.newest = null;
    this.in_flight = true;
    const payload = { n, drawn_ms: +(performance.now() - received).toFixed(1) };
    if (Number.isFinite(at)) payload.age_ms = Math.round(ageOf(at));
    this.pushEvent("ack", payload, reply => {
      this.in_flight = false;
      if (reply?.at) learnClock(reply.at, sent, Date.now());
      if (this.newest) afterPaint(() => this.ack());
    });
  },
  report() {
    if (drawn.size === 0 || document.hidden || this.away) return;
    this.pushEvent("drawn", { charts: [...drawn.values()].slice(0, 40) });
    drawn.clear();
  },
  disconnected() { this.away = true; },
  reconnected() {
    this.away = this.in_flight = false;
    tellOpenTables();
    if (document.hidden) this.visible();
  },
  destroyed() {
    if (hook === this) hook = null;
    document.removeEventListener("visibilitychange", this.visible);
    clearInterval(this.clock);
    clearInterval(this.reports);
  },
};

// Pulse does the work of the other three; a page may also mount them alone, on elements of their own.
export const Ack = Pulse, Visibility = Pulse;
export const Clock = {
  mounted() { this.timer = setInterval(() => refreshAges(this.el), 250); },
  destroyed() { clearInterval(this.timer); },
};

function refreshAges(root = document) {
  if (document.hidden) return;
  for (const el of root.querySelectorAll(".age[data-at]")) {
    const text = ageText(el.dataset.at);
    if (el.textContent !== text) el.textContent = text;
    const names = ageClass(el.dataset.at, el.dataset.every);
    el.classList.toggle("stale", names.includes("stale"));
    el.classList.toggle("very-stale", names.includes("very-stale"));
  }
}

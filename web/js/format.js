// Numbers as people read them. The server formats what it renders; these are for axes and tooltips, which the browser draws.
const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const language = document.documentElement.lang || "en", dates = language === "en" ? "en-GB" : language;
const clocks = new Map();

function clock(options) {
  const timeZone = document.querySelector("[data-tz]")?.dataset.tz || "UTC";
  const key = timeZone + JSON.stringify(options);
  if (!clocks.has(key)) {
    try { clocks.set(key, new Intl.DateTimeFormat(dates, { timeZone, ...options })); }
    catch { clocks.set(key, new Intl.DateTimeFormat(dates, { timeZone: "UTC", ...options })); }
  }
  return clocks.get(key);
}

const known = f => value => (value === null || value === undefined || value === "" || Number.isNaN(+value) ? "–" : f(+value));

export const formats = {
  num: known(v => plain.format(v)),
  int: known(v => whole.format(v)),
  short: known(v => short.format(v)),
  ms: known(v => (Math.abs(v) < 1000 ? `${whole.format(v)} ms` : Math.abs(v) < 60000 ? `${plain.format(v / 1000)} s` : `${plain.format(v / 60000)} min`)),
  label_state: ({ name }) => name.slice(name.indexOf("·") + 1).trim(),  // of a node whose name begins with its place
  label_pct: ({ value }) => (Array.isArray(value) ? formats.percent(value[2]) : formats.percent(value)),
  percent: known(v => whole.format(v * 100)),
  label_ms: ({ value }) => formats.ms(value),  // of a bar
  pct: known(v => `${plain.format(v * 100)} %`),
  usd: known(v => (Math.abs(v) < 0.01 && v !== 0 ? `$${v.toPrecision(2)}` : `$${v.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`)),
  score: known(v => (v > 0 ? "+" : "") + v.toFixed(2)),
  time: known(v => clock({ hour: "2-digit", minute: "2-digit" }).format(v)),
  seconds: known(v => clock({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(v)),
  day: known(v => clock({ day: "numeric", month: "short" }).format(v)),
  moment: known(v => clock({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(v)),
};

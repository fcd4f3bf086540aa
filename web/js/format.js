// Numbers as people read them. The server formats what it renders; these are for axes and tooltips, which the browser draws.
// Both write in the page's language, and alike: English thousands are set apart by the narrow space that the server puts there, and what
// is less than nothing has a minus, not a hyphen.
const language = document.documentElement.lang || "en", dates = language === "en" ? "en-GB" : language;
const figures = more => {
  const number = new Intl.NumberFormat(language, more);
  return { format: v => number.formatToParts(v).map(({ type, value }) => (type === "group" && language === "en" ? "\u202f" : type === "minusSign" ? "−" : value)).join("") };
};
const plain = figures({ maximumFractionDigits: 2 }), whole = figures({ maximumFractionDigits: 0 }), short = figures({ notation: "compact", maximumFractionDigits: 1 });
const decimal = plain.format(1.5)[1];
export const written = text => text.replace(".", decimal).replace("-", "−");  // of what JavaScript wrote with a point
const tiny = v => Math.abs(v) < 0.01 && v !== 0;
const cents = language === "en" ? figures({ minimumFractionDigits: 2, maximumFractionDigits: 2 }) : figures({ style: "currency", currency: "USD", currencyDisplay: "narrowSymbol" });
const mills = figures({ style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", maximumSignificantDigits: 2 });
const usd = language === "en" ? v => `${v < 0 ? "−" : ""}$${tiny(v) ? Math.abs(v).toPrecision(2) : cents.format(Math.abs(v))}` : v => (tiny(v) ? mills : cents).format(v);
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
  tenth: known(v => (v < 10 ? figures({ maximumFractionDigits: 1 }) : whole).format(v)),  // of calls that are expected
  int: known(v => whole.format(v)),
  short: known(v => short.format(v)),
  ms: known(v => (Math.abs(v) < 1000 ? `${whole.format(v)} ms` : Math.abs(v) < 60000 ? `${plain.format(v / 1000)} s` : `${plain.format(v / 60000)} min`)),
  label_state: ({ name }) => name.slice(name.indexOf("·") + 1).trim(),  // of a node whose name begins with its place
  label_pct: ({ value }) => (Array.isArray(value) ? formats.percent(value[2]) : formats.percent(value)),
  percent: known(v => whole.format(v * 100)),
  label_int: ({ value }) => formats.int(value),  // of a bar
  label_ms: ({ value }) => formats.ms(value),
  label_usd: ({ value }) => formats.usd(value),
  pct: known(v => `${plain.format(v * 100)} %`),
  usd: known(usd),
  score: known(v => (v > 0 ? "+" : "") + written(v.toFixed(2))),
  time: known(v => clock({ hour: "2-digit", minute: "2-digit" }).format(v)),
  seconds: known(v => clock({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(v)),
  day: known(v => clock({ day: "numeric", month: "short" }).format(v)),
  moment: known(v => clock({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(v)),
};

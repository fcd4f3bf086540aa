// Figures of axes and tooltips in the page's language. English ones are set as the server sets them.
//   node web/test/format_test.mjs LANGUAGE     a process each: the module reads the page's language once
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { check, finish } from "./lib.mjs";

const cases = {
  en: [["num", 1234.567, "1 234.57"], ["int", 1234567, "1 234 567"], ["short", 1234, "1.2K"], ["short", 1234567, "1.2M"], ["ms", 840, "840 ms"], ["ms", 1350, "1.35 s"], ["pct", 0.925, "92.5 %"], ["usd", 12.5, "$12.50"],
    ["usd", 0.0012, "$0.0012"], ["usd", 1234.5, "$1 234.50"], ["usd", -3, "−$3.00"], ["usd", 0, "$0.00"], ["score", -0.31, "−0.31"], ["score", 0.5, "+0.50"], ["num", null, "–"], ["label_int", { value: 12040 }, "12 040"]],
  de: [["num", 1234.567, "1.234,57"], ["int", 1234567, "1.234.567"], ["short", 1234, "1234"], ["short", 1234567, "1,2 Mio."], ["ms", 840, "840 ms"], ["ms", 1350, "1,35 s"], ["pct", 0.925, "92,5 %"], ["usd", 12.5, "12,50 $"],
    ["usd", 0.0012, "0,0012 $"], ["usd", 1234.5, "1.234,50 $"], ["usd", -3, "−3,00 $"], ["usd", 0, "0,00 $"], ["score", -0.31, "−0,31"], ["score", 0.5, "+0,50"], ["num", null, "–"], ["label_int", { value: 12040 }, "12.040"]],
};
const language = process.argv[2];
if (language in cases) {
  globalThis.document = { documentElement: { lang: language }, querySelector: () => null };
  const { formats } = await import("../js/format.js");
  for (const [format, value, expected] of cases[language]) {
    const got = formats[format](value).replace(/[\u00a0\u202f]/g, " ");
    check(`${language}: ${format} of ${JSON.stringify(value)} is ${expected}`, got === expected, got);
  }
} else for (const one of Object.keys(cases)) {
  const run = spawnSync(process.execPath, [fileURLToPath(import.meta.url), one], { encoding: "utf8" });
  process.stdout.write(run.stdout + run.stderr);
  check(`figures in ${one}`, run.status === 0);
}
finish();

// Bundles what the browser gets. Every file is named after its content, stands there also as .gz and .br, and is listed in manifest.json.
//   node web/build.mjs [--out build/web] [--quiet]
// With --table FILE it also writes the C++ table that puts the files into the program (see embed/web_assets.h).
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { feature } from "topojson-client";

const here = dirname(fileURLToPath(import.meta.url));
const option = (name, otherwise) => { const at = process.argv.indexOf(name); return at < 0 ? otherwise : process.argv[at + 1]; };
const out = resolve(option("--out", join(here, "../build/web")));
const table = option("--table");
const prefix = "/assets/";
const budget = { "app.js": 50_000, all_scripts: 280_000 };  // bytes of brotli, from the design

const types = { js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", json: "application/json", svg: "image/svg+xml" };
const files = new Map();  // logical name -> {file, bytes, gz, br}

function keep(name, content) {
  const bytes = Buffer.from(content), hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const file = name.replace(/\.(\w+)$/, `-${hash}.$1`);
  files.set(name, {
    file, hash, bytes, gz: gzipSync(bytes, { level: 9 }),
    br: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
  });
  return prefix + file;
}

async function bundle(entry, more = {}) {
  const result = await build({ entryPoints: [join(here, entry)], bundle: true, minify: true, write: false, legalComments: "none", charset: "utf8",
    target: ["es2021", "chrome111", "firefox125", "safari17"], logLevel: "warning", ...more });
  return result.outputFiles[0].contents;
}

// A ring that crosses the 180th meridian jumps from one edge of a flat map to the other and back, two lines right across it.
// It is walked on past 180° instead, and cut there into two rings.
function cutAtDateLine(ring) {
  let turns = 0;
  const walked = ring.map(([x, y], i) => {
    if (i > 0 && x - ring[i - 1][0] > 180) turns -= 360;
    if (i > 0 && x - ring[i - 1][0] < -180) turns += 360;
    return [x + turns, y];
  });
  const half = (inside, edge, shift) => {  // Sutherland-Hodgman against one vertical line
    const kept = [];
    walked.forEach((b, i) => {
      const a = walked[(i + walked.length - 1) % walked.length];
      if (inside(a[0]) !== inside(b[0])) kept.push([edge + shift, a[1] + ((b[1] - a[1]) * (edge - a[0])) / (b[0] - a[0])]);
      if (inside(b[0])) kept.push([b[0] + shift, b[1]]);
    });
    if (kept.length > 2) kept.push(kept[0]);
    return kept.length > 3 ? [kept] : [];
  };
  const xs = walked.map(p => p[0]);
  if (Math.max(...xs) > 180) return [...half(x => x <= 180, 180, 0), ...half(x => x > 180, 180, -360)];
  if (Math.min(...xs) < -180) return [...half(x => x >= -180, -180, 0), ...half(x => x < -180, -180, 360)];
  return [ring];
}

// Only outer rings cross it; a country's holes stay with its first piece.
const cutPolygon = ([outer, ...holes]) => cutAtDateLine(outer).map((ring, i) => (i === 0 ? [ring, ...holes] : [ring]));

function world() {
  const topology = JSON.parse(readFileSync(createRequire(import.meta.url).resolve("world-atlas/countries-110m.json")));
  const round = list => (typeof list[0] === "number" ? list.map(v => Math.round(v * 100) / 100) : list.map(round));
  const features = feature(topology, topology.objects.countries).features
    .filter(f => f.properties.name !== "Antarctica")  // a third of the picture and no calls
    .map(f => ({ type: "Feature", properties: { name: f.properties.name }, geometry: {
      type: "MultiPolygon", coordinates: round((f.geometry.type === "Polygon" ? [f.geometry.coordinates] : f.geometry.coordinates).flatMap(cutPolygon)) } }));
  return JSON.stringify({ type: "FeatureCollection", features });
}

const world_url = keep("world.json", world());
const charts_url = keep("charts.js", await bundle("js/charts.js", { format: "esm" }));
keep("app.js", await bundle("js/app.js", { format: "iife", external: [`${prefix}*`], define: { __CHARTS_URL__: JSON.stringify(charts_url), __WORLD_URL__: JSON.stringify(world_url) } }));
keep("theme.js", await bundle("js/theme.js", { format: "iife" }));
keep("app.css", await bundle("css/site.css"));
for (const image of readdirSync(join(here, "img"))) keep(image, readFileSync(join(here, "img", image)));

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
for (const { file, bytes, gz, br } of files.values()) {
  writeFileSync(join(out, file), bytes);
  writeFileSync(join(out, `${file}.gz`), gz);
  writeFileSync(join(out, `${file}.br`), br);
}
writeFileSync(join(out, "manifest.json"), JSON.stringify(Object.fromEntries([...files].map(([name, f]) => [name, prefix + f.file])), null, 1) + "\n");
if (table) writeFileSync(table, cppTable());

// The bytes come in through .incbin: a compiler would take minutes over a megabyte of initialisers.
function cppTable() {
  const lines = ['// Written by web/build.mjs.', '#include "web_assets.h"', "", "extern \"C\" {"];
  const rows = [];
  let index = 0;
  for (const [name, f] of files) {
    for (const kind of ["", ".gz", ".br"]) {
      const symbol = `aybiza_web_${index}${kind.replace(".", "_")}`, path = join(out, f.file + kind);
      lines.push(`extern const char ${symbol}[];`,
        `asm(".pushsection .rodata\\n.balign 16\\n.global ${symbol}\\n${symbol}:\\n.incbin \\"${path}\\"\\n.byte 0\\n.popsection\\n");`);
    }
    const at = `aybiza_web_${index++}`, type = types[name.split(".").pop()] ?? "application/octet-stream";
    rows.push(`    {"${name}", "${prefix}${f.file}", "${type}", "\\"${f.hash}\\"", {${at}, ${f.bytes.length}}, {${at}_gz, ${f.gz.length}}, {${at}_br, ${f.br.length}}},`);
  }
  lines.push("}", "", "namespace aybiza::web::detail {", `extern const Asset table[] = {`, ...rows, "};", `extern const unsigned long table_count = ${rows.length};`, "}  // namespace aybiza::web::detail", "");
  return lines.join("\n");
}

const kb = n => (n / 1000).toFixed(1).padStart(8);
const size = name => files.get(name).br.length;
if (!process.argv.includes("--quiet")) {
  console.log(`${"file".padEnd(28)} ${"raw kB".padStart(8)} ${"gz".padStart(8)} ${"br".padStart(8)}`);
  for (const f of files.values()) console.log(`${f.file.padEnd(28)} ${kb(f.bytes.length)} ${kb(f.gz.length)} ${kb(f.br.length)}`);
}
const scripts = size("app.js") + size("charts.js") + size("theme.js");
for (const [what, is, limit] of [["app.js", size("app.js") + size("theme.js"), budget["app.js"]], ["all scripts", scripts, budget.all_scripts]])
  if (is > limit) { console.error(`${what}: ${is} bytes of brotli, the budget is ${limit}`); process.exitCode = 1; }

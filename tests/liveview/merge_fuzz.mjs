// Feeds the messages of fuzz_stream to the client's own merge code and compares what the page would show.
//
//   node merge_fuzz.mjs <fuzz_stream> [seed] [pages] [steps]
//
// The page is a small tree patched as the client patches its document: a whole render replaces it, a components-only
// message replaces those elements, and an element marked data-phx-skip stays as it was. Exit 77: packages missing.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const modules = process.env.NODE_MODULES || path.join(here, "../../web/node_modules");
const client = path.join(modules, "phoenix_live_view/assets/js/phoenix_live_view/rendered.js");
if (!existsSync(client) || !existsSync(path.join(modules, "esbuild"))) {
  console.log(`skipped: ${modules} lacks phoenix_live_view or esbuild; run npm ci in web/`);
  process.exit(77);
}
const [binary, seed = "1", pages = "100", steps = "60"] = process.argv.slice(2);

const { build } = createRequire(path.join(modules, "x.js"))("esbuild");
const bundle = await build({ entryPoints: [client], bundle: true, format: "esm", write: false });
globalThis.window ??= globalThis;
const { default: Rendered } = await import("data:text/javascript;base64," + Buffer.from(bundle.outputFiles[0].contents).toString("base64"));

const VOID = new Set(["input", "hr", "br", "img"]);

// Well-formed HTML to nodes: {tag, attrs, kids} or strings (text and comments).
function parse(html) {
  const root = { tag: "", attrs: "", kids: [] };
  const open = [root];
  const token = /<!--[\s\S]*?-->|<\/([a-z0-9]+)>|<([a-z0-9]+)((?:\s+[^\s=>\/]+(?:="[^"]*")?)*)\s*(\/?)>|[^<]+|</g;
  for (const [text, closes, opens, attrs] of html.matchAll(token)) {
    const top = open[open.length - 1];
    if (closes) {
      if (open.length === 1 || top.tag !== closes) throw new Error(`unbalanced </${closes}>`);
      open.pop();
    } else if (opens) {
      const element = { tag: opens, attrs, kids: [] };
      top.kids.push(element);
      if (!VOID.has(opens)) open.push(element);
    } else top.kids.push(text);
  }
  if (open.length !== 1) throw new Error(`unclosed <${open[open.length - 1].tag}>`);
  return root;
}
const attribute = (node, name) => node.attrs?.match(new RegExp(` ${name}="([^"]*)"`))?.[1];
const skipped = (node) => / data-phx-skip(?=\s|$)/.test(node.attrs);
function each(node, visit) {
  if (typeof node === "string") return;
  visit(node);
  node.kids.forEach((kid) => each(kid, visit));
}
function show(node) {
  if (typeof node === "string") return node;
  const inner = node.kids.map(show).join("");
  if (!node.tag) return inner;
  const attrs = node.attrs.replace(/ data-phx-(id|component|view)="[^"]*"/g, "");
  return `<${node.tag}${attrs}>` + (VOID.has(node.tag) ? "" : `${inner}</${node.tag}>`);
}
// What the document keeps: a skipped element is the old one of the same id.
function keepSkipped(fresh, old) {
  const known = new Map();
  each(old, (node) => attribute(node, "data-phx-id") && known.set(attribute(node, "data-phx-id"), node));
  const walk = (node) => {
    if (typeof node === "string") return node;
    if (skipped(node)) {
      const kept = known.get(attribute(node, "data-phx-id"));
      if (!kept) throw new Error(`skipped element that is not on the page: ${node.attrs}`);
      ++skips;
      return kept;
    }
    node.kids = node.kids.map(walk);
    return node;
  };
  return walk(fresh);
}

let skips = 0, rendered, page, lines = 0, mutations = 0, componentOnly = 0, pruned = 0;

function apply({ join, message }) {
  if (join) {
    rendered = new Rendered("v", message);
    page = parse(rendered.toString().buffer);
    return;
  }
  if (Object.keys(message).length === 0) return;
  const { diff } = Rendered.extract(message);
  rendered.mergeDiff(diff);
  if (rendered.isComponentOnlyDiff(diff)) {
    ++componentOnly;
    const cids = new Set(rendered.componentCIDs(diff).map(String)), outer = new Set();
    const find = (node, inside) => {
      if (typeof node === "string") return;
      const cid = attribute(node, "data-phx-component"), mine = cid && cids.has(cid);
      if (mine && !inside) outer.add(cid);
      node.kids.forEach((kid) => find(kid, inside || mine));
    };
    find(page, false);
    const replace = (node) => {
      if (typeof node === "string") return node;
      const cid = attribute(node, "data-phx-component");
      if (cid && outer.has(cid)) {
        const fresh = keepSkipped(parse(rendered.componentToString(Number(cid)).buffer), page);
        if (fresh.kids.filter((kid) => kid.tag).length !== 1) throw new Error(`component ${cid} is not one element`);
        return fresh.kids.find((kid) => kid.tag);
      }
      node.kids = node.kids.map(replace);
      return node;
    };
    page = replace(page);
  } else {
    const cids = rendered.componentCIDs(diff);
    page = keepSkipped(parse(rendered.toString(cids).buffer), page);
  }
}

// A stream's entries are in one message only, and in the expected HTML of that message.
function dropStreamed(node) {
  if (typeof node === "string") return;
  node.kids = node.kids.filter((kid) => !/ id="m\d+"/.test(kid.attrs ?? ""));
  node.kids.forEach(dropStreamed);
}

// The client forgets components that have left the page, after asking.
function prune() {
  const present = new Set();
  each(page, (node) => present.add(attribute(node, "data-phx-component")));
  const gone = Object.keys(rendered.get().c || {}).filter((cid) => !present.has(cid));
  if (gone.length === 0 || lines % 3) return;
  pruned += gone.length;
  gone.forEach((cid) => rendered.resetRender(Number(cid)));
  rendered.pruneCIDs(gone.map(Number));
}

// White space and comments around a component's element belong to its slot, but the client replaces the element only.
const normal = (html) => html.replace(/<!--[\s\S]*?-->/g, "").replace(/ +(?=<)|(?<=>) +/g, "");

const source = spawn(binary, [seed, pages, steps], { stdio: ["ignore", "pipe", "inherit"] });
for await (const line of readline.createInterface({ input: source.stdout })) {
  const step = JSON.parse(line);
  const sent = JSON.stringify(step.message);
  try {
    apply(step);
    const shown = normal(show(page)), expected = normal(show(parse(step.html)));
    if (shown !== expected) throw new Error(`the page shows\n  ${shown}\ninstead of\n  ${expected}`);
    dropStreamed(page);
    prune();
  } catch (error) {
    console.error(`seed ${seed}, line ${lines + 1}: ${error.stack}\nmessage ${sent}`);
    source.kill();
    process.exit(1);
  }
  ++lines;
  mutations += step.mutations;
}
if (lines === 0) {
  console.error("no lines from the generator");
  process.exit(1);
}
console.log(`${lines} messages, ${mutations} mutations, ${componentOnly} of components only, ${skips} skipped elements, ${pruned} components forgotten: all equal`);

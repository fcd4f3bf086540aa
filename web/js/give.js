// A tile taken away: <button data-give="csv|png"> inside a .tile, or what has data-gives="its title". CSV is its table, as it stands there; PNG its
// chart, or its table as text. data-give="full" shows it alone on the screen, and again as it was.
const raw = el => el.querySelector("data[value]")?.getAttribute("value") ?? el.textContent;
const plain = text => text.replace(/[\u202f\u00a0]/g, " ").replace(/\s+/g, " ").trim();
const cell = el => plain(raw(el));
// Figures in a file are a program's, in whatever language the page is: 1204.5, not "1 204.5" or "1.204,5"; $12.50, not "12,50 $".
const decimal = () => (/\d,\d/.test(new Intl.NumberFormat(document.documentElement.lang || "en").format(1.5)) ? "," : ".");
function machine(text) {
  if (decimal() === ".") return text.replace(/(\d)\u202f(?=\d{3})/g, "$1");
  return text.replace(/\d{1,3}(?:\.\d{3})+(?![\d.])/g, figure => figure.replaceAll(".", "")).replace(/(\d),(?=\d)/g, "$1.").replace(/(-?\d+(?:\.\d+)?)\u00a0\$/g, "$$$1").replaceAll("; ", ", ");
}
const isFigure = el => el.classList.contains("num") || el.closest("table").dataset.figures?.split(" ").includes(`${el.cellIndex + 1}`);
const figureOf = el => (el.tagName === "TD" && isFigure(el) ? plain(machine(raw(el))) : cell(el));
// A spreadsheet must not take a text for a formula (docs/boards.md); a number stays one.
const safe = text => (/^[=+\-@\t\r]/.test(text) && !/^[+-]?[\d.]+(e[+-]?\d+)?$/i.test(text) ? `'${text}` : text);
const quoted = text => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const tableOf = tile => tile.querySelector("table");
const rowsOf = table => [...table.rows].map(row => [...row.cells].map(cell));
export const csvOf = table => [...table.rows].map(row => [...row.cells].map(figureOf)).map(row => row.map(text => quoted(safe(text))).join(",")).join("\r\n") + "\r\n";

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// Title on top, below it what the tile shows.
function pictureOf(tile, title) {
  const style = getComputedStyle(document.documentElement), colour = name => style.getPropertyValue(`--${name}`).trim();
  const charts = [...tile.querySelectorAll(".chart canvas, canvas.field")], scale = Math.max(2, devicePixelRatio || 1);
  const table = charts.length ? [] : tableOf(tile) ? rowsOf(tableOf(tile)).slice(0, 60) : [];
  const big = charts.length ? "" : tile.querySelector(".value .num")?.textContent ?? "";
  const box = charts[0]?.getBoundingClientRect(), width = Math.max(box?.width ?? 0, 420);
  const head = 36, height = head + 12 + (box ? box.height : (big ? 52 : 0) + table.length * 20);
  const canvas = Object.assign(document.createElement("canvas"), { width: width * scale, height: height * scale });
  const pen = canvas.getContext("2d"), font = style.getPropertyValue("--font") || "sans-serif";
  pen.scale(scale, scale);
  pen.fillStyle = colour("surface");
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = colour("ink");
  pen.font = `600 14px ${font}`;
  pen.fillText(title, 12, 24, width - 24);
  for (const chart of charts) pen.drawImage(chart, 0, head, box.width, box.height);
  if (big) { pen.font = `600 30px ${font}`; pen.fillText(big, 12, head + 34, width - 24); }
  pen.font = `12px ${font}`;
  table.forEach((row, i) => row.forEach((text, c) => {
    pen.textAlign = c === 0 ? "left" : "right";
    pen.fillText(text, c === 0 ? 12 : 12 + ((width - 24) / row.length) * (c + 1), head + (big ? 52 : 0) + 14 + i * 20, (width - 24) / row.length - 8);
  }));
  return canvas;
}

export function giveTiles() {
  document.addEventListener("click", event => {
    const button = event.target.closest?.("[data-give]"), tile = button?.closest(".tile, [data-gives]");
    if (!tile) return;
    if (button.dataset.give === "full") return void (document.fullscreenElement ? document.exitFullscreen() : tile.requestFullscreen?.().catch(() => {}));
    const title = tile.querySelector("h2")?.textContent.trim() || tile.dataset.gives || "tile", name = title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-");
    if (button.dataset.give === "csv") return void (tableOf(tile) && save(new Blob(["\ufeff", csvOf(tableOf(tile))], { type: "text/csv;charset=utf-8" }), `${name}.csv`));
    pictureOf(tile, title).toBlob(blob => blob && save(blob, `${name}.png`), "image/png");
  });
}

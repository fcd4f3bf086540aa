// A page on paper: every chart is drawn for its place there, seen on the screen or not, fills its tile, and is in light colours; the screen has its own back.
import { Server, callEvents, charted, check, finish, launch, open, patience, settled, until } from "./lib.mjs";

const server = new Server();
const browser = await launch();
// Of each chart and field: how much of its tile's inside it fills, whether what it shows is stretched, and whether there is ink.
const measured = page => page.evaluate(() => [...document.querySelectorAll(".tile:not(.empty, .broken, .loading)")].flatMap(tile => {
  const canvas = tile.querySelector(".chart canvas, canvas.field");
  if (!canvas || tile.clientWidth === 0) return [];
  const style = getComputedStyle(tile), box = canvas.getBoundingClientRect(), head = tile.querySelector("header").getBoundingClientRect(), foot = tile.querySelector("footer")?.getBoundingClientRect();
  const width = tile.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight), bottom = foot && foot.height ? foot.top : tile.getBoundingClientRect().bottom - parseFloat(style.paddingBottom);
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let ink = 0;
  for (let i = 3; i < pixels.length; i += 4) if (pixels[i]) ink++;
  const together = [...tile.querySelectorAll(".chart canvas ~ canvas")].every(layer => {  // a chart of several layers has them all in the one that is printed
    const over = layer.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    for (let i = 3; i < over.length; i += 4) if (over[i] > 200 && pixels[i] < 200) return false;
    return true;
  });
  return [{ id: tile.id, together, wide: box.width / width, high: box.height / (bottom - head.bottom), stretched: box.width / box.height / (canvas.width / canvas.height), ink }];
}));
const far = one => !one.together || one.wide < 0.97 || one.wide > 1.01 || one.high < 0.8 || one.high > 1.01 || Math.abs(one.stretched - 1) > 0.02 || one.ink < 200;
const light = page => page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--ink").trim());

try {
  await server.start();
  for (let i = 0; i < 60; i++) {
    const call = callEvents({ ago_s: 1500 - i * 20, region: i % 2 ? "eu-west-1" : "us-east-1", over: { call_outcome: i % 3 ? "successful" : "failed" } });
    for (const event of call.events) if (event.type === "turn") Object.assign(event.data, { state: event.data.turn_number === 1 ? "greeting" : "resolution", topics: ["billing"], emotion: "angry" });
    await server.post(call.events);
  }
  await server.query({ select: "calls", window: "1h", source: "store" });
  for (const path of ["/", "/agents", "/conversations", "/costs"])
    for (const [sheet, width] of [["upright", 718], ["across", 1047]]) {  // A4 less its margins, in CSS pixels
      const { page, problems } = await open(browser, server.url + path, { colorScheme: "dark" });
      await page.waitForSelector("[aria-busy=false]", { timeout: patience });
      await charted(page);  // those out of sight have what they need too, the map its shapes
      if (path === "/" || path === "/conversations") check(`not all charts of ${path} are in sight`, await page.evaluate(() => [...document.querySelectorAll(".tile:not(.empty) .chart")].some(el => el.clientWidth && !el.querySelector("canvas"))));
      const screen = await page.evaluate(() => [...document.querySelectorAll(".chart")].map(el => el.clientWidth));
      // What the browser itself does to print, in steps that can be looked at between.
      await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
      await page.emulateMedia({ media: "print" });
      await page.setViewportSize({ width, height: 1000 });
      await page.evaluate(() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r()))));  // fields are painted in the frame after they have their place
      const charts = await measured(page);
      check(`charts of ${path} fill their tiles on paper, ${sheet}`, charts.length > 0 && !charts.some(far), JSON.stringify(charts.filter(far)));
      check(`every chart of ${path} is on paper, ${sheet}`, await page.evaluate(() => [...document.querySelectorAll(".tile:not(.empty, .broken, .loading) .chart")].every(el => el.clientWidth === 0 || el.querySelector("canvas"))));
      check(`${path} is dark on light there, ${sheet}`, await light(page) === "#15202c", await light(page));
      await page.emulateMedia({ media: "screen" });
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
      check(`${path} is dark again on the screen, ${sheet}`, await light(page) === "#e6edf4", await light(page));
      await until(page, wide => [...document.querySelectorAll(".chart")].every((el, i) => !el.querySelector("canvas") || Math.abs(el.clientWidth - wide[i]) < 2), screen);
      await until(page, () => [...document.querySelectorAll(".chart canvas")].filter(el => el.getBoundingClientRect().top < innerHeight - 60).every(el => Math.abs(el.clientWidth - el.closest(".chart").clientWidth) < 2));
      check(`charts of ${path} are as wide as their tiles again, ${sheet}`, true);
      check(`${path} is clean, ${sheet}`, problems.length === 0, JSON.stringify(problems));
      await page.context().close();
    }

  // Chromium's own print says that it begins and ends, and what it prints was drawn by then.
  const { page } = await open(browser, `${server.url}/`, { colorScheme: "dark" });
  await settled(page);
  await charted(page);
  await page.evaluate(() => {
    window.said = [];
    addEventListener("beforeprint", () => window.said.push(["before", [...document.querySelectorAll(".tile:not(.empty) .chart")].every(el => el.clientWidth === 0 || el.querySelector("canvas")), getComputedStyle(document.documentElement).getPropertyValue("--ink").trim()]));
    addEventListener("afterprint", () => window.said.push(["after"]));
  });
  const paper = await page.pdf({ format: "A4" });
  const said = await page.evaluate(() => window.said);
  check("the browser's own print finds every chart drawn, in light colours", JSON.stringify(said) === '[["before",true,"#15202c"],["after"]]' && paper.subarray(0, 5).toString() === "%PDF-", JSON.stringify(said));
} finally {
  await browser.close();
  await server.end().catch(() => {});
}
finish();

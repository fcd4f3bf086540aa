// A phone's bottom bar: nothing of it is cut, everything can be hit, and what has no place in it is behind "More", by finger and by key.
import { Server, callEvents, check, connected, finish, launch, open, until, violations } from "./lib.mjs";

const server = new Server();
const browser = await launch();
const least = 44;  // CSS pixels of a target for a finger
const phone = width => ({ viewport: { width, height: 780 }, isMobile: true, hasTouch: true });
const speak = async language => {
  const { page } = await open(browser, `${server.url}/settings`);
  await page.selectOption("#settings select[name=language]", language);
  await Promise.all([page.waitForNavigation(), page.click("#settings button.primary")]);
  await page.waitForSelector(`html[lang=${language}]`);
  await page.context().close();
};
// What of these is too small, cut, or outside the screen.
const misfits = (page, selector) => page.$$eval(selector, (all, least) => all.filter(e => e.checkVisibility()).map(e => {
  const box = e.getBoundingClientRect(), word = e.querySelector("span");
  return { word: word.textContent, width: box.width, height: box.height, cut: word.scrollWidth > word.clientWidth + 1 && getComputedStyle(word).overflow !== "visible",
    out: word.getBoundingClientRect().left < box.left - 0.5 || word.getBoundingClientRect().right > box.right + 0.5 || box.left < -0.5 || box.right > innerWidth + 0.5 };
}).filter(e => e.width < least || e.height < least || e.cut || e.out), least);

try {
  await server.start();
  await server.post(callEvents({ ago_s: 30 }).events);
  for (const language of ["en", "de"]) {
    await speak(language);
    for (const width of [390, 360, 320]) {
      const { page, problems } = await open(browser, server.url, phone(width));
      const shown = await page.$$eval("nav.tabs > a, nav.tabs > button", all => all.filter(e => e.checkVisibility()).length);
      check(`five places in the bar at ${width} px, ${language}`, shown === 5, `${shown}`);
      const bad = await misfits(page, "nav.tabs > a, nav.tabs > button");
      check(`none of them is cut or small at ${width} px, ${language}`, bad.length === 0, JSON.stringify(bad));
      await page.tap("#more-tabs");
      await page.waitForSelector("#more:popover-open");
      const more = await misfits(page, "#more a");
      check(`nor is what is behind the last one at ${width} px, ${language}`, more.length === 0 && await page.locator("#more a").count() === 4, JSON.stringify(more));
      const against = await violations(page);
      check(`no accessibility violation with it open at ${width} px, ${language}`, against?.length === 0, JSON.stringify(against));
      await page.tap("#more a[href^='/costs']");
      await page.waitForURL("**/costs");
      await page.waitForSelector("#more-tabs[aria-current=true]");
      check(`it leads on, closes, and says where one is at ${width} px, ${language}`, await page.locator("#more").isHidden());
      check(`clean at ${width} px, ${language}`, problems.length === 0, JSON.stringify(problems));
      await page.context().close();
    }
  }
  await speak("en");

  // A tile is as high as its table, whatever it is on a desktop; name and ranges of the header are whole.
  {
    const { page, problems } = await open(browser, `${server.url}/system`, phone(390));
    await page.waitForSelector("#tile-shards tbody tr");
    const empty = await page.$eval("#tile-shards", tile => tile.querySelector("footer").getBoundingClientRect().top - tile.querySelector("table").getBoundingClientRect().bottom);
    check("below a short table is no empty room", empty < 40, `${empty} px`);
    const whole = await page.$eval(".brand span", e => e.scrollWidth <= e.clientWidth && e.scrollHeight <= e.clientHeight + 1);
    check("the product's name is whole", whole);
    check("all ranges are in sight", await page.$eval("nav.range", e => e.scrollWidth <= e.clientWidth));
    check("clean", problems.length === 0, JSON.stringify(problems));
    await page.context().close();
  }

  // By keys alone.
  const { page } = await open(browser, server.url, { viewport: { width: 390, height: 780 } });
  await page.focus("#more-tabs");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#more:popover-open");
  await page.keyboard.press("Tab");
  check("the first page behind it is next", await page.evaluate(() => document.activeElement.matches("#more a[href^='/costs']")));
  await page.keyboard.press("Escape");
  await until(page, () => !document.querySelector("#more:popover-open"));
  check("Escape closes it and gives the focus back", await page.evaluate(() => document.activeElement.id === "more-tabs"));
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("7");
  await page.waitForURL("**/system");
  await connected(page);
  check("the number keys count all eight", true);

  // On a desktop there is no such button, and all stand in a row.
  await page.setViewportSize({ width: 1440, height: 900 });
  check("on a desktop all eight stand side by side", await page.locator("#more-tabs").isHidden() && await page.$$eval("nav.tabs a", all => all.length === 8 && new Set(all.map(e => Math.round(e.getBoundingClientRect().top))).size === 1));
} finally {
  await browser.close();
  await server.end().catch(() => {});
}
finish();

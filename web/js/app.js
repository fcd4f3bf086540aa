// Connects the page to the server and hands the hooks to LiveView. What the hooks need and LiveView does not know
// (text the browser owns, open popovers) is kept across patches here.
import { Socket } from "phoenix";
import { LiveSocket } from "phoenix_live_view";
import { Ack, Clock, Pulse, Visibility, report_errors } from "./hooks/pulse.js";
import { ageText, ageClass } from "./hooks/age.js";
import { Chart, chartsWaiting, preloadCharts } from "./hooks/chart.js";
import { Field } from "./hooks/field.js";
import { Theme } from "./hooks/theme.js";
import { Hotkeys } from "./hooks/hotkeys.js";
import { Copy } from "./hooks/copy.js";
import { Arrange, Board, Wall } from "./hooks/board.js";
import { tellTables } from "./hooks/tables.js";
import { giveTiles } from "./give.js";
import { placePopovers } from "./popover.js";

const hooks = { Pulse, Ack, Clock, Visibility, Chart, Gauge: Chart, Map: Chart, Field, Theme, Hotkeys, Copy, Arrange, Board, Wall };

function keepBrowserState(from, to) {
  if (to.classList.contains("age") && to.dataset.at) {  // the clock's text, not the server's older one
    to.textContent = ageText(to.dataset.at);
    for (const name of ageClass(to.dataset.at, to.dataset.every)) to.classList.add(name);
  }
  if (from.open && (from.tagName === "DIALOG" || from.tagName === "DETAILS")) to.setAttribute("open", "");
  if (from.popover && from.matches(":popover-open")) {
    to.style.left = from.style.left;
    to.style.top = from.style.top;
  }
}

report_errors();
placePopovers();
giveTiles();
tellTables();

// A page that came by a link: its token opens the socket, for there may be no cookie; and nothing on it leads elsewhere.
const shared = "shared" in document.documentElement.dataset ? location.pathname.split("/")[2] : null;
if (shared)
  document.addEventListener("click", e => {
    const link = e.target.closest?.("a[href]");
    if (link && !link.classList.contains("skip")) { e.preventDefault(); e.stopImmediatePropagation(); }
  }, true);

const csrf = document.querySelector("meta[name='csrf-token']")?.content ?? "";
// A server that restarts is back within seconds; everybody's second try is spread, so that they do not come at once.
const waits = [50, 100, 250, 500, 1000];
const reconnectAfterMs = tries => (waits[tries - 1] ?? 2000) * (0.75 + Math.random() / 2);

const liveSocket = new LiveSocket("/live", Socket, {
  params: { _csrf_token: csrf, ...(shared && { share: shared }) },
  hooks,
  reconnectAfterMs,
  dom: { onBeforeElUpdated: keepBrowserState },
});
liveSocket.connect();  // the figures that came with the page are painted (theme.js)
preloadCharts();
window.liveSocket = liveSocket;  // for the console and the tests
window.chartsWaiting = chartsWaiting;  // for whoever takes a picture

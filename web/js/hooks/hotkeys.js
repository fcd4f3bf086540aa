// <div id="keys" phx-hook="Hotkeys" data-search="#search" data-help="#help"></div>
// space: pause or live · / search · ? help · t theme · z back from a zoomed range · m moves tiles · , settings · 1…8 tabs · Esc closes. Switched off by data-hotkeys="off" on <html>
// or in this browser (help has the switch: <input type="checkbox" data-hotkeys-switch>), as WCAG 2.1.4 asks.
import { setTheme } from "./theme.js";

const typing = el => el.closest?.("input, textarea, select, [contenteditable]");
const pressable = el => el.closest?.("button, a, summary, [role=button], canvas.field");

function off() {
  try { if (localStorage.getItem("hotkeys") === "off") return true; } catch { /* not kept: on */ }
  return document.documentElement.dataset.hotkeys === "off";
}

export const Hotkeys = {
  mounted() {
    this.down = event => this.press(event);
    this.change = event => {
      if (!event.target.matches?.("[data-hotkeys-switch]")) return;
      try { localStorage.setItem("hotkeys", event.target.checked ? "on" : "off"); } catch { /* this page only */ }
      document.documentElement.dataset.hotkeys = event.target.checked ? "on" : "off";
    };
    window.addEventListener("keydown", this.down);
    if (location.hash === "#search") document.getElementById("search")?.focus();  // led here from a page without one
    document.addEventListener("change", this.change);
  },
  destroyed() {
    window.removeEventListener("keydown", this.down);
    document.removeEventListener("change", this.change);
  },
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat || typing(event.target) || off()) return;
    const act = this.action(event);
    if (!act) return;
    event.preventDefault();
    act();
  },
  action(event) {
    const { key } = event;
    if (key === " ") return pressable(event.target) ? null : () => this.pushEvent("toggle_live", {});
    if (key === "/") {
      const search = document.querySelector(this.el.dataset.search || "#search") ?? document.getElementById("search-link");
      return search && (() => (search.matches("input") ? search.focus() : search.click()));
    }
    if (key === "?") {
      const help = document.querySelector(this.el.dataset.help || "#help");
      return help && (() => (help.open ? help.close() : help.showModal()));
    }
    if (key === "z") {
      const reset = document.getElementById("reset-zoom");
      return reset && (() => reset.click());
    }
    if (key === "t") return () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    if (key === "m") {
      const arrange = document.getElementById("arrange");
      return arrange && (() => arrange.click());
    }
    if (key === ",") {
      const link = document.querySelector("#settings-link");
      return link && (() => link.click());
    }
    if (key >= "1" && key <= "8") {
      const tab = document.querySelectorAll("nav.tabs a")[+key - 1];
      return tab && (() => tab.click());
    }
    return null;
  },
};

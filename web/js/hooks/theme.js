// <button id="theme" class="icon" phx-hook="Theme" aria-label="Theme" data-system data-dark data-light>: system -> dark -> light; kept in this browser and told to the server.
import { tell } from "./pulse.js";

const next = { system: "dark", dark: "light", light: "system" };
const current = () => document.documentElement.dataset.theme ?? "system";

export function setTheme(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try { theme === "system" ? localStorage.removeItem("theme") : localStorage.setItem("theme", theme); } catch { /* not kept, still applied */ }
  window.dispatchEvent(new Event("aybiza:theme"));
  tell("theme", { theme });
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => window.dispatchEvent(new Event("aybiza:theme")));

export const Theme = {
  mounted() {
    this.show();
    this.el.addEventListener("click", () => { setTheme(next[current()]); this.show(); });
  },
  updated() { this.show(); },
  show() { this.el.title = `${this.el.getAttribute("aria-label")}: ${this.el.dataset[current()] ?? current()}`; },
};

// Runs before first paint, so that a chosen theme does not flash. Where the server keeps the choice (data-kept), the document came with
// it, and this browser's own note only follows it, for pages before the sign-in.
try {
  const root = document.documentElement, theme = localStorage.getItem("theme");
  if (!("kept" in root.dataset)) {
    if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  } else if (root.dataset.theme) localStorage.setItem("theme", root.dataset.theme);
  else localStorage.removeItem("theme");
} catch { /* storage refused: the system's preference rules */ }

// Everything else waits for the paint of the figures that came with the page: app.js is fetched meanwhile (a preload), and reading it
// takes a tenth of a second that a deferred script would take from the first paint.
const app = document.currentScript?.dataset.app;
if (app) {
  const run = () => {
    if (run.done) return;
    run.done = true;
    const script = document.createElement("script");
    script.src = app;
    document.head.append(script);
  };
  document.addEventListener("DOMContentLoaded", () => {
    if (document.hidden) return run();
    requestAnimationFrame(() => setTimeout(run));
    setTimeout(run, 500);  // a window that is covered is not painted
  });
}

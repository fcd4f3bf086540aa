// Runs before first paint, so that a chosen theme does not flash: everything else waits for app.js. Where the server keeps the choice
// (data-kept), the document came with it, and this browser's own note only follows it, for pages before the sign-in.
try {
  const root = document.documentElement, theme = localStorage.getItem("theme");
  if (!("kept" in root.dataset)) {
    if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  } else if (root.dataset.theme) localStorage.setItem("theme", root.dataset.theme);
  else localStorage.removeItem("theme");
} catch { /* storage refused: the system's preference rules */ }

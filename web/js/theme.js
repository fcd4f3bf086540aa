// Runs before first paint, so that a chosen theme does not flash: everything else waits for app.js.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch { /* storage refused: the system's preference rules */ }

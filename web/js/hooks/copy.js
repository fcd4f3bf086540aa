// <button phx-hook="Copy" data-copy="text" data-copied="Copied" data-refused="Mark it yourself">Copy</button>, or data-copy-from="#selector"; without either,
// the page's address. For a moment the button says how it went.
export const Copy = {
  mounted() {
    const label = this.el.textContent;
    this.el.addEventListener("click", async () => {
      const { copy, copyFrom, copied, refused } = this.el.dataset;
      const text = copyFrom ? document.querySelector(copyFrom)?.textContent ?? "" : copy || location.href;
      let done = true;
      try { await navigator.clipboard.writeText(text); } catch { done = false; }  // there is no clipboard without TLS, but on loopback
      this.el.textContent = done ? copied : refused;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => { this.el.textContent = label; }, 2500);
    });
  },
  destroyed() { clearTimeout(this.timer); },
};

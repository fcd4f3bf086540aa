// <button id="copy-x" phx-hook="Copy" data-copy="text"> or data-copy-from="#selector"; "" copies the page's address.
export const Copy = {
  mounted() {
    this.el.addEventListener("click", async () => {
      const { copy, copyFrom } = this.el.dataset;
      const text = copyFrom ? document.querySelector(copyFrom)?.textContent ?? "" : copy || location.href;
      let said = "Copied";
      try { await navigator.clipboard.writeText(text); } catch { said = "Copying was refused"; }
      const label = this.el.getAttribute("aria-label");
      this.el.setAttribute("aria-label", said);
      this.el.classList.add("copied");
      setTimeout(() => {
        this.el.classList.remove("copied");
        label === null ? this.el.removeAttribute("aria-label") : this.el.setAttribute("aria-label", label);
      }, 1500);
    });
  },
};

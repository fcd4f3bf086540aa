// Puts a definition beside the button that opened it. Set through the CSSOM: a style attribute would be refused by the CSP.
export function placePopovers() {
  document.addEventListener("toggle", event => {
    const box = event.target;
    if (event.newState !== "open" || !box.classList?.contains("def")) return;
    const button = document.querySelector(`[popovertarget="${CSS.escape(box.id)}"]`);
    if (!button) return;
    const width = document.body.getBoundingClientRect().right;  // without the scrollbar's gutter
    box.style.maxWidth = "";
    if (box.getBoundingClientRect().width > width - 16) box.style.maxWidth = `${width - 16}px`;
    const at = button.getBoundingClientRect(), size = box.getBoundingClientRect(), gap = 6;
    const left = Math.max(8, Math.min(at.left, width - size.width - 8));
    const below = at.bottom + gap + size.height < innerHeight;
    box.style.left = `${left}px`;
    box.style.top = `${below ? at.bottom + gap : Math.max(8, at.top - gap - size.height)}px`;
  }, true);  // "toggle" does not bubble
}

/** @param {EventTarget | null} target @returns {boolean} whether typing there is writing */
function writes(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** The shortcuts that every page has: `/` goes to the search box, `?` lists the shortcuts. */
export function keys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || writes(event.target)) return;
    if (event.key === "/") {
      const boxes = [...document.querySelectorAll("input[data-find]")];
      const box = /** @type {HTMLInputElement | undefined} */ (boxes.find((b) => b.getClientRects().length > 0));
      if (!box) return;
      event.preventDefault();
      box.focus();
      box.select();
    } else if (event.key === "?") {
      /** @type {HTMLDialogElement | null} */ (document.querySelector("dialog#keys"))?.showModal();
    }
  });
}

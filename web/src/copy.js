/** @param {string} text what a screen reader is to say */
export function say(text) {
  const said = document.querySelector("#said");
  if (said) said.textContent = text;
}

/** @param {string} text @returns {Promise<boolean>} whether it is on the clipboard now */
export async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Over plain HTTP from another machine there is no clipboard: the older way still works there.
  }
  const focused = document.activeElement;
  const box = document.createElement("textarea");
  box.value = text;
  box.className = "sr";
  box.setAttribute("aria-hidden", "true");
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return done;
}

/** Buttons that copy a text say so, on the button and to a screen reader. */
export function copying() {
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("button[data-copy]") : null;
    if (!(button instanceof HTMLButtonElement)) return;
    if (!(await toClipboard(button.dataset.copy ?? ""))) {
      /** @type {HTMLElement | null} */
      const failed = document.querySelector("#said[data-failed]");
      return say(failed?.dataset.failed ?? "");
    }
    say(button.dataset.said ?? button.dataset.done ?? "");
    const word = button.querySelector("span") ?? button;
    // A second press while the answer stands there must not take it for the button's word.
    const before = button.dataset.word ?? word.textContent ?? "";
    button.dataset.word = before;
    word.textContent = button.dataset.done ?? before;
    setTimeout(() => {
      word.textContent = before;
    }, 1600);
  });
}

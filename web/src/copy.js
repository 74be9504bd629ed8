/** Buttons that copy a text say so, on the button and to a screen reader. */
export function copying() {
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("button[data-copy]") : null;
    if (!(button instanceof HTMLButtonElement)) return;
    const word = button.querySelector("span") ?? button;
    const before = word.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy ?? "");
    } catch {
      return;
    }
    word.textContent = button.dataset.done ?? before;
    const said = document.querySelector("#said");
    if (said) said.textContent = button.dataset.done ?? "";
    setTimeout(() => (word.textContent = before), 1600);
  });
}

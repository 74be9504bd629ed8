/** The console's text box: Ctrl+Enter runs, and an error's place is where the caret goes. */
export function editor() {
  const box = document.querySelector("textarea#query");
  if (!(box instanceof HTMLTextAreaElement)) return;
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      box.form?.requestSubmit();
    }
  });
  if (box.dataset.line) {
    const lines = box.value.split("\n");
    const before = lines.slice(0, Number(box.dataset.line) - 1).reduce((sum, line) => sum + line.length + 1, 0);
    const at = Math.min(before + Number(box.dataset.column) - 1, box.value.length);
    box.focus();
    box.setSelectionRange(at, at + 1);
  }
}

/** The reader's own choice of light or dark, kept in this browser. */
export function theme() {
  const button = document.querySelector("[data-theme-toggle]");
  button?.addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try {
      localStorage.setItem("kg-theme", root.dataset.theme);
    } catch {
      // Without storage the choice holds for this page.
    }
  });
}

// Runs in the head, before anything is drawn: a reader's own choice of light or dark holds from the first picture on.
try {
  const chosen = localStorage.getItem("kg-theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage can be shut off; the system's choice holds then.
}
document.documentElement.classList.add("js");

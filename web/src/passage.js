import { fragment } from "./fragment.js";

/**
 * @param {Element | null | undefined} part
 * @returns {Node[]} its text in its own language
 */
function named(part) {
  if (!part) return [];
  const text = document.createElement("span");
  const copy = /** @type {Element} */ (part.cloneNode(true));
  for (const seal of copy.querySelectorAll(".seal")) seal.remove();
  text.textContent = copy.textContent?.replace(/\s+/g, " ").trim() ?? "";
  text.lang = part.querySelector("[lang]")?.getAttribute("lang") ?? "";
  if (!text.lang) text.removeAttribute("lang");
  return [text, document.createTextNode(" ")];
}

/**
 * A yellow mark opens its passage in the panel beside the facts, if the page has one; a second click, or any modifier
 * key, follows the link to the document.
 */
export function passages() {
  const panel = document.querySelector("#passage");
  const body = document.querySelector("#passage-body");
  if (!panel || !body) return;
  const title = panel.querySelector("h2 span");
  const first = document.querySelector(".ev.on");
  if (first instanceof HTMLAnchorElement) show(first, false);
  document.addEventListener("click", (event) => {
    const mark = event.target instanceof Element ? event.target.closest("a.ev[data-passage]") : null;
    if (!(mark instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (mark.classList.contains("on") && panel.classList.contains("full")) return;
    event.preventDefault();
    show(mark, true);
  });

  /** @param {HTMLAnchorElement} mark @param {boolean} moves whether a narrow screen scrolls to the panel */
  async function show(mark, moves) {
    const address = new URL(mark.dataset.passage ?? "", location.href);
    address.searchParams.set("part", "passage");
    let nodes;
    try {
      nodes = await fragment(address);
    } catch {
      if (moves) location.href = mark.href;
      return;
    }
    body.replaceChildren(...nodes);
    panel.classList.add("full");
    for (const on of document.querySelectorAll(".ev.on, .f.on, tr.on")) on.classList.remove("on");
    mark.classList.add("on");
    const row = mark.closest(".f, tr");
    row?.classList.add("on");
    title?.replaceChildren(...[row?.querySelector(".lb, th"), row?.querySelector(".va, td")].flatMap(named));
    if (moves && panel.getBoundingClientRect().bottom < 0) panel.scrollIntoView({ block: "start" });
    else if (moves && panel.getBoundingClientRect().top > innerHeight - 80) panel.scrollIntoView({ block: "start" });
  }
}

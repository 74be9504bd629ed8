import { say } from "./copy.js";

const KEY = "kg-basket";
/** As many as the service prints on one page. */
const MOST = 300;

/** @returns {string[]} the ids of the facts that the reader keeps in this browser */
function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter((id) => typeof id === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** A basket of facts: buttons put them in and take them out, the link in the bar leads to the page that prints them. */
export function basket() {
  const link = document.querySelector("a#basket");
  if (!(link instanceof HTMLAnchorElement)) return;
  const words = link.dataset;
  let ids = kept();
  show();

  // The bare page shows what this browser keeps.
  if (location.pathname === link.pathname && ids.length && !new URLSearchParams(location.search).has("facts")) {
    location.replace(link.href);
  }
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("button[data-print]")) print();
    const dropped = event.target instanceof Element ? event.target.closest("a[data-drop]") : null;
    if (dropped instanceof HTMLElement) keep(kept().filter((id) => id !== dropped.dataset.drop));
    const button = event.target instanceof Element ? event.target.closest("button[data-basket]") : null;
    if (button instanceof HTMLButtonElement) toggle(button.dataset.basket ?? "");
    if (event.target instanceof Element && event.target.closest("button[data-basket-empty]")) {
      keep([]);
      location.href = link.pathname;
    }
  });
  // Another window of the same browser has the same basket.
  addEventListener("storage", (event) => {
    if (event.key === KEY) show();
  });

  /** @param {string} id */
  function toggle(id) {
    ids = kept();
    const there = ids.includes(id);
    if (!there && ids.length >= MOST) return say((words.full ?? "").replace("{n}", String(MOST)));
    keep(there ? ids.filter((other) => other !== id) : [...ids, id]);
    say(((there ? words.removed : words.added) ?? "").replace("{n}", String(ids.length)));
  }

  /** @param {string[]} next */
  function keep(next) {
    ids = next;
    try {
      localStorage.setItem(KEY, JSON.stringify(next));
    } catch {
      // Without storage the basket lasts as long as this page; its address keeps it.
    }
    show(next);
  }

  function show(next = kept()) {
    ids = next;
    const address = new URL(link.href);
    if (ids.length) address.searchParams.set("facts", ids.join(","));
    else address.searchParams.delete("facts");
    link.href = address.href;
    link.hidden = !ids.length;
    const count = link.querySelector("em");
    if (count) count.textContent = String(ids.length);
    for (const button of document.querySelectorAll("button[data-basket]")) {
      if (!(button instanceof HTMLButtonElement)) continue;
      const there = ids.includes(button.dataset.basket ?? "");
      button.dataset.in ??= button.getAttribute("aria-label") ?? "";
      button.textContent = (there ? words.remove : words.add) ?? "";
      button.setAttribute("aria-label", (there ? button.dataset.out : button.dataset.in) ?? "");
      button.classList.toggle("on", there);
    }
  }
}

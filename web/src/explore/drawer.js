import { fragment } from "../fragment.js";
import { withLanguage } from "./service.js";

/**
 * The drawer at the right (a sheet on a phone): the steps of a path, and below them the facts of what was opened, each
 * with its passage in place.
 *
 * @param {HTMLElement} host
 * @param {{filters: () => Record<string, any>, opened: () => void, closed: () => void}} given
 */
export function drawer(host, given) {
  const steps = document.createElement("div");
  const detail = document.createElement("div");
  host.append(steps, detail);
  let asked = 0;
  /** @type {string | null} */
  let shown = null;

  function settle() {
    const open = Boolean(steps.childNodes.length || detail.childNodes.length);
    if (host.hidden === open) {
      host.hidden = !open;
      (open ? given.opened : given.closed)();
    }
  }

  /** @param {string} query @param {string} key @param {boolean} focus */
  async function show(query, key, focus) {
    const number = ++asked;
    const address = withLanguage(`/explore/drawer?${query}`);
    const { asOf, modalities = [], certainties = [] } = given.filters();
    if (asOf) address.searchParams.set("as-of", asOf);
    for (const code of modalities) address.searchParams.append("modality", code);
    for (const code of certainties) address.searchParams.append("certainty", code);
    let nodes;
    try {
      nodes = await fragment(address);
    } catch {
      return;
    }
    // Something else was opened meanwhile.
    if (number !== asked) return;
    shown = key;
    const tab = host.querySelector("[role=tab][aria-selected=true]")?.id;
    detail.replaceChildren(...nodes);
    if (tab) choose(host.querySelector(`#${tab}`), false);
    settle();
    detail.scrollIntoView({ block: "nearest" });
    if (focus) /** @type {HTMLElement | null} */ (detail.querySelector("[role=tab][aria-selected=true]") ?? detail.querySelector("[data-close]"))?.focus();
  }

  /** @param {Element | null} tab @param {boolean} focus */
  function choose(tab, focus) {
    if (!tab) return;
    for (const other of detail.querySelectorAll("[role=tab]")) {
      const on = other === tab;
      other.setAttribute("aria-selected", String(on));
      other.setAttribute("tabindex", on ? "0" : "-1");
      const pane = document.getElementById(other.getAttribute("aria-controls") ?? "");
      if (pane) pane.hidden = !on;
    }
    if (focus && tab instanceof HTMLElement) tab.focus();
  }

  host.addEventListener("click", async (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const tab = target?.closest("[role=tab]");
    if (tab) return choose(tab, true);
    if (target?.closest("[data-close]")) return close();
    const mark = target?.closest("a.ev[data-passage]");
    if (!(mark instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const row = mark.closest(".fact, .way");
    const before = row?.querySelector(".passage-in");
    const same = mark.classList.contains("on");
    before?.remove();
    for (const on of row?.querySelectorAll(".ev.on") ?? []) on.classList.remove("on");
    row?.classList.toggle("on", !same);
    mark.setAttribute("aria-expanded", String(!same));
    if (same || !row) return;
    mark.classList.add("on");
    const address = withLanguage(mark.dataset.passage ?? "");
    address.searchParams.set("part", "passage");
    try {
      const place = document.createElement("div");
      place.className = "passage-in";
      place.append(...(await fragment(address)));
      row.append(place);
    } catch {
      location.href = mark.href;
    }
  });
  host.addEventListener("keydown", (event) => {
    const tab = event.target instanceof Element ? event.target.closest("[role=tab]") : null;
    const tabs = [...detail.querySelectorAll("[role=tab]")];
    if (tab && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
      event.preventDefault();
      choose(tabs[(tabs.indexOf(tab) + (event.key === "ArrowRight" ? 1 : -1) + tabs.length) % tabs.length], true);
    }
  });

  function close() {
    asked++;
    shown = null;
    detail.replaceChildren();
    settle();
  }

  return {
    /** @param {string} path @param {boolean} [focus] */
    entity: (path, focus = false) => show(new URLSearchParams({ of: path }).toString(), path, focus),
    /** @param {string} from @param {string} to @param {boolean} [focus] */
    link: (from, to, focus = false) => show(new URLSearchParams({ from, to }).toString(), `${from} ${to}`, focus),
    close,
    shown: () => shown,
    /** @param {Element | null} section the steps of a path */
    route(section) {
      steps.replaceChildren(...(section ? [section] : []));
      settle();
    },
    isOpen: () => !host.hidden,
    hasDetail: () => detail.childNodes.length > 0,
  };
}

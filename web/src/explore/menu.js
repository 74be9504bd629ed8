/** @typedef {{label: string, act: () => void, apart?: boolean, off?: boolean}} Item */

/**
 * A menu at a place of the page: arrow keys choose, Enter does, Escape closes and gives the focus back.
 *
 * @param {HTMLElement} host
 */
export function menu(host) {
  /** @type {HTMLElement | null} */
  let before = null;
  const items = () => [...host.querySelectorAll("button")].filter((b) => !b.disabled);

  function close(refocus = true) {
    if (host.hidden) return;
    host.hidden = true;
    if (refocus) before?.focus();
  }

  /** @param {Item[]} wanted @param {number} x @param {number} y page pixels @param {string} label */
  function open(wanted, x, y, label) {
    before = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    host.setAttribute("aria-label", label);
    host.replaceChildren(
      ...wanted.map((item) => {
        const button = document.createElement("button");
        button.type = "button";
        button.setAttribute("role", "menuitem");
        button.tabIndex = -1;
        button.textContent = item.label;
        button.disabled = Boolean(item.off);
        if (item.apart) button.className = "apart";
        button.addEventListener("click", () => {
          close();
          item.act();
        });
        return button;
      }),
    );
    host.hidden = false;
    // The policy allows no style attributes from markup; a property set by a script is none.
    const width = host.offsetWidth;
    const height = host.offsetHeight;
    host.style.left = `${Math.max(4, Math.min(x, scrollX + document.documentElement.clientWidth - width - 4))}px`;
    host.style.top = `${Math.max(4, Math.min(y, scrollY + document.documentElement.clientHeight - height - 4))}px`;
    items()[0]?.focus();
  }

  host.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) all[(to + all.length) % all.length]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else if (event.key.length === 1) all.find((b, n) => n > at && b.textContent?.toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  document.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Node && !host.contains(event.target)) close(false);
  });
  return { open, close };
}

/** Milliseconds of quiet before the service is asked. */
const PAUSE = 120;

/** Under each search box, what its text finds: arrow keys choose, Enter opens, Escape closes. */
export function suggestions() {
  for (const box of document.querySelectorAll("input[data-find]")) {
    if (box instanceof HTMLInputElement && box.form) suggest(box, box.form);
  }
}

let boxes = 0;

/** @param {HTMLInputElement} box @param {HTMLFormElement} form */
function suggest(box, form) {
  const list = document.createElement("div");
  list.className = "hits";
  list.hidden = true;
  list.id = `hits-${boxes++}`;
  form.append(list);
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-expanded", "false");
  /** @type {AbortController | undefined} */
  let asking;
  let timer = 0;
  let chosen = -1;

  const options = () => [...list.querySelectorAll("[role=option]")];

  /** @param {boolean} open */
  function show(open) {
    list.hidden = !open;
    box.setAttribute("aria-expanded", String(open));
    if (!open) choose(-1);
  }

  /** @param {number} place */
  function choose(place) {
    chosen = place;
    for (const [n, option] of options().entries()) {
      option.setAttribute("aria-selected", String(n === place));
      if (n === place) option.scrollIntoView({ block: "nearest" });
    }
    if (place >= 0) box.setAttribute("aria-activedescendant", options()[place].id);
    else box.removeAttribute("aria-activedescendant");
  }

  async function ask() {
    asking?.abort();
    const wanted = box.value.trim();
    if (!wanted) return show(false);
    asking = new AbortController();
    const address = new URL(box.dataset.find ?? "/search", location.href);
    address.searchParams.set("q", wanted);
    address.searchParams.set("part", "hits");
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" }, signal: asking.signal });
      if (!answer.ok) return show(false);
      const found = new DOMParser().parseFromString(await answer.text(), "text/html");
      list.replaceChildren(...found.body.childNodes);
    } catch {
      // Another letter was typed, or the service is away: the form itself still works.
      return;
    }
    for (const [n, option] of options().entries()) option.id = `${list.id}-${n}`;
    choose(-1);
    show(document.activeElement === box);
  }

  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const count = options().length;
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      show(false);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && count && !list.hidden) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      choose(chosen < 0 && step < 0 ? count - 1 : (chosen + step + count) % count);
    } else if (event.key === "Enter" && chosen >= 0 && !list.hidden) {
      event.preventDefault();
      /** @type {HTMLAnchorElement} */ (options()[chosen]).click();
    }
  });
  form.addEventListener("focusout", (event) => {
    if (!(event.relatedTarget instanceof Node) || !form.contains(event.relatedTarget)) show(false);
  });
  // A press on an option must not take the focus away before its click arrives.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
}

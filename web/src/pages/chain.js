// The page of a chain: a drawer beside the drawing, filters that act at once, the interactive view, a picture to save.
import { canvas, dataOf } from "../canvas.js";
import { fragment } from "../fragment.js";

const main = document.getElementById("cmain");
const drawer = document.getElementById("drawer");
const body = document.getElementById("drawer-body");
/** What gets the focus back when the drawer closes. @type {Element | null} */
let opener = null;

/** @param {string} address @param {string} fallback where the reader goes if it can't be had */
async function open(address, fallback) {
  if (!main || !drawer || !body) return;
  let nodes;
  try {
    nodes = await fragment(address);
  } catch {
    if (fallback) location.href = fallback;
    return;
  }
  body.replaceChildren(...nodes);
  document.getElementById("passage")?.classList.remove("full");
  show();
  const title = body.querySelector("h2");
  if (title instanceof HTMLElement) title.focus({ preventScroll: true });
  drawer.scrollTop = 0;
}

function show() {
  if (!main || !drawer) return;
  drawer.hidden = false;
  main.classList.add("open");
}

function close() {
  if (!main || !drawer || drawer.hidden) return;
  drawer.hidden = true;
  main.classList.remove("open");
  for (const on of document.querySelectorAll("a.on[data-drawer]")) on.classList.remove("on");
  if (opener instanceof HTMLElement || opener instanceof SVGElement) opener.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  if (event.target.closest("[data-close]")) return close();
  // A mark in the table opens its passage in the drawer, which may be shut still.
  if (event.target.closest("a.ev[data-passage]") && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    if (drawer?.hidden) body?.replaceChildren();
    show();
    return;
  }
  const box = event.target.closest("a[data-drawer]");
  if (!box || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  for (const on of document.querySelectorAll("a.on[data-drawer]")) on.classList.remove("on");
  box.classList.add("on");
  opener = box;
  open(box.getAttribute("data-drawer") ?? "", box.getAttribute("href") ?? "");
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.pick[open]");
  if (menu instanceof HTMLDetailsElement) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  } else close();
});

// Menus: one at a time, shut by a click beside them; a filter acts as soon as it is chosen.
for (const menu of document.querySelectorAll("details.pick")) {
  menu.addEventListener("toggle", () => {
    if (!(menu instanceof HTMLDetailsElement) || !menu.open) return;
    for (const other of document.querySelectorAll("details.pick[open]")) if (other !== menu) other.removeAttribute("open");
  });
}
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.pick[open]")) {
    if (event.target instanceof Node && !menu.contains(event.target)) menu.removeAttribute("open");
  }
});
const filters = document.getElementById("filters");
filters?.addEventListener("change", () => {
  if (filters instanceof HTMLFormElement) filters.requestSubmit();
});
filters?.addEventListener("submit", () => {
  // An empty day isn't a choice: the address shouldn't carry it.
  for (const field of filters.querySelectorAll("input[type=date]")) {
    if (field instanceof HTMLInputElement && !field.value) field.disabled = true;
  }
});
const share = document.querySelector("button[data-share]");
if (share instanceof HTMLButtonElement) share.dataset.copy = location.href;

// The words under a drawing that goes on to the right.
const pan = document.querySelector(".pan");
const hint = document.getElementById("pan-hint");
if (pan && hint) {
  const always = hint.textContent ?? "";
  const look = () => {
    const more = pan.scrollLeft + pan.clientWidth < pan.scrollWidth - 8;
    hint.textContent = more ? (hint.dataset.more ?? always) : always;
    hint.classList.toggle("more", more);
  };
  pan.addEventListener("scroll", look, { passive: true });
  new ResizeObserver(look).observe(pan);
  look();
}

// The picture is made of the very SVG that can be saved.
for (const link of document.querySelectorAll("a[data-png]")) {
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    if (link instanceof HTMLAnchorElement) await picture(link.href, link.dataset.png ?? "chain.png");
  });
}

/** @param {string} address @param {string} name */
async function picture(address, name) {
  const answer = await fetch(address);
  if (!answer.ok) {
    location.href = address;
    return;
  }
  const url = URL.createObjectURL(new Blob([await answer.text()], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    // No browser draws a canvas of any size: at most 8,000 pixels a side.
    const scale = Math.min(2, 8000 / Math.max(image.naturalWidth, image.naturalHeight));
    const sheet = document.createElement("canvas");
    sheet.width = Math.round(image.naturalWidth * scale);
    sheet.height = Math.round(image.naturalHeight * scale);
    const ctx = sheet.getContext("2d");
    if (!ctx) return;
    ctx.drawImage(image, 0, 0, sheet.width, sheet.height);
    const blob = await new Promise((done) => sheet.toBlob(done, "image/png"));
    if (!(blob instanceof Blob)) return;
    const save = document.createElement("a");
    save.href = URL.createObjectURL(blob);
    save.download = name;
    save.click();
    setTimeout(() => URL.revokeObjectURL(save.href), 10_000);
  } finally {
    URL.revokeObjectURL(url);
  }
}

const host = document.getElementById("canvas");
const data = dataOf();
if (host && data && "vis" in globalThis) {
  const drawn = canvas(host, data, {
    open(box) {
      opener = host;
      open(box.kg.more?.drawer ?? "", box.kg.href ?? "");
    },
    line(line) {
      if (!line.kg.more?.drawer) return;
      opener = host;
      open(line.kg.more.drawer, "");
    },
    clear: close,
  });
  // For the console of whoever wants to know where things stand.
  Object.defineProperty(host, "drawing", { value: drawn });
  for (const button of document.querySelectorAll("button[data-zoom]")) {
    button.addEventListener("click", () => {
      const factor = button.getAttribute("data-zoom");
      if (factor === "fit") drawn.fit();
      else drawn.zoom(Number(factor));
    });
  }
}

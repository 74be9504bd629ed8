// The explorer: the page's buttons say commands, the service answers with the next picture, and nothing that stands moves.
import { toClipboard } from "../copy.js";
import { drawer } from "../explore/drawer.js";
import { exporting } from "../explore/exporting.js";
import { menu } from "../explore/menu.js";
import { minimap } from "../explore/minimap.js";
import { past } from "../explore/past.js";
import { picture } from "../explore/picture.js";
import { graph } from "../explore/service.js";
import { sharing } from "../explore/sharing.js";
import { parsed } from "../fragment.js";

/** @typedef {import("../canvas.js").Box} Box @typedef {import("../canvas.js").Line} Line */

const host = document.getElementById("canvas");
const json = (/** @type {string} */ id) => JSON.parse(document.getElementById(id)?.textContent ?? "null");
/** Milliseconds within which a second click makes a double click of two. */
const DOUBLE_CLICK = 280;
/** How long a message stays. */
const SHOWN_MS = 12000;
if (host && "vis" in globalThis) explore(host);

/** @param {HTMLElement} host */
function explore(host) {
  /** @type {Record<string, string>} */
  const words = json("explore-words");
  const message = /** @type {HTMLElement} */ (document.getElementById("message"));
  const actForm = /** @type {HTMLFormElement} */ (document.getElementById("act"));
  const list = menu(/** @type {HTMLElement} */ (document.getElementById("menu")));
  const addBox = /** @type {HTMLInputElement} */ (document.getElementById("add-name"));
  let sparql = document.getElementById("query")?.textContent ?? "";
  let pathFrom = "";
  let ctrl = false;

  const trail = past(json("explore-state"), (state) => load(state, () => trail.visit(state)));
  const side = drawer(/** @type {HTMLElement} */ (document.getElementById("drawer")), {
    filters: () => trail.now.filters ?? {},
    opened() {
      document.body.classList.add("with-drawer");
      const box = drawing.selected();
      if (!box || !shown.outside([box.id])) return;
      // It covers what it is about: the window goes there, and every box keeps its place on the plane.
      const offset = host.clientWidth <= 720 ? { x: 0, y: -host.clientHeight / 4 } : { x: -184, y: 0 };
      drawing.network.moveTo({ position: shown.place(box.id), offset, animation: false });
    },
    closed() {
      document.body.classList.remove("with-drawer");
      if (document.activeElement === document.body) host.focus();
    },
  });
  const shown = picture(host, json("canvas-data"), { open, expand, line, menu: onMenu, moved, clear, select }, insets);
  const { drawing } = shown;
  minimap(/** @type {HTMLCanvasElement} */ (document.getElementById("minimap")), shown, host);
  const share = sharing({ words, state: () => trail.now, say, named: (name) => trail.amend({ ...trail.now, name: name || undefined }, null) });
  exporting({ state: () => trail.now, say, words });

  /** What lies over the drawing: legend, drawer, status bar. */
  function insets() {
    const legend = document.getElementById("legend");
    const wide = host.clientWidth > 720;
    return {
      left: wide && legend?.childElementCount ? legend.offsetWidth + 24 : 8,
      right: wide && side.isOpen() ? 368 : 8,
      top: wide ? 12 : 52,
      bottom: wide ? 44 : side.isOpen() ? host.clientHeight * 0.56 : 72,
    };
  }

  /** @param {string} text */
  function say(text) {
    clearTimeout(saying);
    message.textContent = text;
    saying = setTimeout(() => (message.textContent = ""), SHOWN_MS);
  }
  let saying = 0;

  // --- what the service answers -------------------------------------------------------------------------------------

  /** @type {Promise<unknown>} */
  let waiting = Promise.resolve();

  /** Do commands, one after the other. @param {string[]} commands @param {string} [done] @returns {Promise<unknown>} */
  function act(commands, done = "") {
    waiting = waiting.then(async () => {
      try {
        const answer = await graph(trail.now, commands);
        trail.add(answer.state, answer.address);
        show(answer, done);
      } catch (error) {
        say(`${words.failed}${error instanceof Error ? error.message : ""}`);
      }
    });
    return waiting;
  }

  /** Show another state. @param {import("../explore/service.js").State} state @param {(answer: import("../explore/service.js").Shown) => void} then @param {string} [done] */
  function load(state, then, done = "") {
    waiting = waiting.then(async () => {
      try {
        const answer = await graph(state);
        then(answer);
        show(answer, done);
      } catch (error) {
        say(`${words.failed}${error instanceof Error ? error.message : ""}`);
      }
    });
    return waiting;
  }

  /** @param {import("../explore/service.js").Shown} answer @param {string} done */
  function show(answer, done) {
    const came = shown.sync(answer.canvas);
    fill(answer.parts);
    sparql = answer.sparql;
    share.update(answer);
    for (const field of document.querySelectorAll('input[name="state"]')) {
      /** @type {HTMLInputElement} */ (field).value = JSON.stringify(answer.state);
    }
    document.body.classList.toggle("table", answer.state.mode === "table");
    for (const button of document.querySelectorAll("[data-mode]")) {
      button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.mode === (answer.state.mode ?? "graph")));
    }
    const start = document.getElementById("start");
    if (start) start.hidden = answer.canvas.nodes.length > 0;
    buttons();
    const out = came.length && answer.state.mode !== "table" ? shown.outside(came) : 0;
    say([answer.said ?? done, out ? words.outside.replace("{n}", String(out)) : ""].filter(Boolean).join(" "));
    const open = side.shown();
    if (open && !open.includes(" ") && !drawing.boxes.has(open) && !(answer.state.boxes ?? []).some((/** @type {any[]} */ b) => b[0] === open)) side.close();
    host.dataset.boxes = String(answer.canvas.nodes.length);
  }

  /** Put fragments in their places; what had the focus keeps it, and what was open stays open. @param {Record<string, string>} parts */
  function fill(parts) {
    const active = /** @type {HTMLElement | null} */ (document.activeElement);
    const name = active?.getAttribute("value") && active.tagName === "BUTTON" ? `button[value="${CSS.escape(active.getAttribute("value") ?? "")}"]` : active?.id ? `#${CSS.escape(active.id)}` : "";
    const room = active?.closest("#legend, #table, #route, #status, #tools, #drawer");
    for (const [part, html] of Object.entries(parts)) {
      const place = document.getElementById(part);
      if (!place) continue;
      const open = [...place.querySelectorAll("details")].map((d) => d.open);
      place.replaceChildren(...(html ? parsed(html) : []));
      for (const [n, details] of [...place.querySelectorAll("details")].entries()) {
        // A list in which one chooses several stays open.
        if (details.classList.contains("pop") && details.id !== "via") details.open = false;
        else if (n in open) details.open = open[n];
      }
    }
    const steps = document.getElementById("path-steps");
    side.route(steps);
    shown.trace((steps?.dataset.entities ?? "").split(/\s+/).filter(Boolean).map(pathOf).filter((/** @type {string | null} */ p) => p !== null));
    if (active && room && !active.isConnected) {
      const again = name ? /** @type {HTMLElement | null} */ ((document.getElementById(room.id) ?? document).querySelector(name)) : null;
      if (again && !(/** @type {HTMLButtonElement} */ (again).disabled)) again.focus();
      else if (document.body.classList.contains("table")) document.querySelector("#table button")?.closest("table")?.querySelector("button")?.focus();
      else host.focus();
    }
  }

  /** The entity that an address within the service is about. @param {string} address @returns {string | null} */
  function pathOf(address) {
    const path = new URL(address, location.href).pathname;
    const own = path.match(/^\/(zone|chain|document)s\/([^/]+)$/);
    if (own) return `${own[1]}/${own[2]}`;
    return path.match(/^\/entity\/([a-z-]+\/[^/]+)$/)?.[1] ?? null;
  }

  function buttons() {
    /** @type {HTMLButtonElement} */ (document.getElementById("undo")).disabled = !trail.canUndo();
    /** @type {HTMLButtonElement} */ (document.getElementById("redo")).disabled = !trail.canRedo();
  }

  function undo() {
    const state = trail.undo();
    if (state) return load(state, (answer) => trail.settle(answer.state, answer.address), words.undone);
    say(words.none);
  }

  function redo() {
    const state = trail.redo();
    if (state) load(state, (answer) => trail.settle(answer.state, answer.address), words.redone);
  }

  // --- what the drawing tells ---------------------------------------------------------------------------------------

  /** @returns {string[]} what is selected: what was marked, and the box that is chosen */
  const selected = () => [...new Set([...shown.marked(), ...(drawing.selected() ? [drawing.selected()?.id ?? ""] : [])])];
  const isGroup = (/** @type {string} */ id) => id.includes(":");

  /** @param {Box} box */
  function open(box) {
    if (ctrl) {
      ctrl = false;
      return toggle(box.id);
    }
    shown.mark([]);
    if (pathFrom && pathFrom !== box.id && !isGroup(box.id)) return route(pathFrom, box.id);
    clearTimeout(opening);
    if (isGroup(box.id)) return;
    if (side.hasDetail()) side.entity(box.id);
    // The first click of two must not put the drawer under the second.
    else opening = setTimeout(() => side.entity(box.id), DOUBLE_CLICK);
  }

  let opening = 0;
  /** @type {string | null} */
  let last = null;
  /** @param {Box} box */
  function select(box) {
    // With Ctrl, what was chosen before stays selected.
    if (ctrl && last) shown.mark([...shown.marked(), last]);
    last = box.id;
  }

  /** @param {string} id */
  function toggle(id) {
    const marked = new Set(shown.marked());
    if (marked.has(id)) marked.delete(id);
    else marked.add(id);
    shown.mark(marked);
    say(words.selected.replace("{n}", String(selected().length)));
  }

  /** @param {Box} box */
  function expand(box) {
    clearTimeout(opening);
    act([isGroup(box.id) ? `open ${box.id}` : `expand ${box.id}`]);
  }

  /** @param {Line} line */
  function line(line) {
    if (!line.kg.more?.n) side.link(line.from, line.to);
  }

  function clear() {
    shown.mark([]);
    last = null;
    pathFrom = "";
  }

  /** @param {Box} box @param {number} x @param {number} y */
  function moved(box, x, y) {
    const [left, top] = [Math.round(x), Math.round(y)];
    const boxes = (trail.now.boxes ?? []).map((/** @type {any[]} */ b) => (b[0] === box.id ? [b[0], left, top, (b[3] ?? 0) | 1] : b));
    if (isGroup(box.id)) return load(trail.now, () => {});
    const state = { ...trail.now, boxes };
    load(state, (answer) => trail.add(answer.state, answer.address));
  }

  /** @param {string} from @param {string} to */
  function route(from, to) {
    pathFrom = "";
    act([`route ${from} ${to}`]);
  }

  /** @param {string[]} ids */
  function hide(ids) {
    const own = ids.filter((id) => !isGroup(id));
    if (own.length) act([`hide ${own.join(" ")}`], words.hidden);
  }

  async function copy(/** @type {string} */ text) {
    say((await toClipboard(text)) ? words.copied : text);
  }

  /** @param {Box | Line | null} target @param {number} x @param {number} y */
  function onMenu(target, x, y) {
    if (target && "from" in target) {
      list.open([{ label: words.evidence, act: () => side.link(target.from, target.to, true) }], x, y, words.menu);
    } else if (target) {
      list.open(itemsOf(target), x, y, target.kg.label ?? words.menu);
    } else {
      list.open([{ label: words.copySparql, act: () => copy(sparql) }], x, y, words.menu);
    }
  }

  /** @param {Box} box @returns {import("../explore/menu.js").Item[]} */
  function itemsOf(box) {
    const more = box.kg.more ?? {};
    if (isGroup(box.id)) return [{ label: words.open, act: () => act([`open ${box.id}`]) }];
    const others = selected().filter((id) => id !== box.id && !isGroup(id));
    const all = selected().includes(box.id) ? selected() : [box.id];
    return [
      { label: words.facts, act: () => side.entity(box.id, true) },
      { label: words.expand, act: () => expand(box), off: !more.more },
      ...(more.kinds ?? []).map((/** @type {{kind: string, label: string, n: number}} */ k) => ({
        label: words.expandBy.replace("{kind}", k.label).replace("{n}", String(k.n)),
        act: () => act([`expand ${box.id} ${k.kind}`]),
      })),
      { label: words.pathFrom, act: () => ((pathFrom = box.id), say(words.pathStart)), apart: true },
      ...(pathFrom && pathFrom !== box.id ? [{ label: words.pathTo, act: () => route(pathFrom, box.id) }] : []),
      ...(others.length === 1 ? [{ label: words.pathTo, act: () => route(others[0], box.id) }] : []),
      { label: more.pinned ? words.unpin : words.pin, act: () => act([`pin ${box.id}`]), apart: true },
      { label: words.only, act: () => act([`only ${all.join(" ")}`], words.hidden) },
      { label: words.hide, act: () => hide(all) },
      { label: words.copyIri, act: () => copy(more.iri ?? box.id), apart: true },
      { label: words.copySparql, act: () => copy(sparql) },
      { label: words.page, act: () => location.assign(box.kg.href ?? "/explore") },
    ];
  }

  host.addEventListener(
    "pointerdown",
    (event) => {
      ctrl = event.ctrlKey || event.metaKey;
    },
    true,
  );
  drawing.network.on("hoverNode", (/** @type {any} */ event) => (host.title = drawing.boxes.get(event.node)?.kg.spoken ?? ""));
  drawing.network.on("blurNode", () => (host.title = ""));
  // A long press is the right button of a touch screen.
  drawing.network.on("hold", (/** @type {any} */ event) => {
    const id = drawing.network.getNodeAt(event.pointer.DOM);
    const frame = host.getBoundingClientRect();
    const box = id === undefined ? undefined : drawing.boxes.get(id);
    if (box) onMenu(box, frame.left + scrollX + event.pointer.DOM.x, frame.top + scrollY + event.pointer.DOM.y);
  });

  // --- what the page's own buttons say ------------------------------------------------------------------------------

  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    if (form === actForm) {
      event.preventDefault();
      if (button) run(button.value);
    } else if (form.dataset.verb) {
      event.preventDefault();
      const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("object"));
      act([`${form.dataset.verb} ${field.value}`]);
    } else if (form.id === "add") {
      event.preventDefault();
      const option = form.querySelector("[role=option]");
      if (option instanceof HTMLElement && addBox.value.trim()) option.click();
    }
  });
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field instanceof HTMLSelectElement && field.form?.dataset.verb) field.form.requestSubmit();
  });

  /** @param {string} command */
  function run(command) {
    if (command.startsWith("hide ")) hide(command.slice(5).split(" "));
    else act([command]);
  }

  document.addEventListener(
    "click",
    (event) => {
      const target = event.target instanceof Element ? event.target : null;
      const option = target?.closest("#add [role=option]");
      if (option instanceof HTMLAnchorElement) {
        event.preventDefault();
        event.stopPropagation();
        const path = pathOf(option.href);
        addBox.value = "";
        addBox.dispatchEvent(new Event("input", { bubbles: true }));
        if (path) act([`add ${path}`]).then(() => drawing.boxes.has(path) && (drawing.select(path), (last = path), drawing.show(path)));
        else location.assign(option.href);
        return;
      }
      const link = target?.closest("[data-link]");
      if (link instanceof HTMLElement) {
        const [from, to] = (link.dataset.link ?? "").split(" ");
        side.link(from, to, true);
      }
      const openButton = target?.closest("[data-open]");
      if (openButton instanceof HTMLElement) side.entity(openButton.dataset.open ?? "", true);
      const menuButton = target?.closest("[data-menu]");
      if (menuButton instanceof HTMLElement) {
        const box = drawing.boxes.get(menuButton.dataset.menu ?? "");
        const frame = menuButton.getBoundingClientRect();
        menuButton.focus();
        if (box) onMenu(box, frame.left + scrollX, frame.bottom + scrollY);
      }
      // A link to an entity that stands in the picture leads to it there.
      const named = target?.closest("#drawer a.ent, #route a.ent");
      if (named instanceof HTMLAnchorElement && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
        const path = pathOf(named.href);
        if (path && drawing.boxes.has(path) && !document.body.classList.contains("table")) {
          event.preventDefault();
          drawing.select(path);
          side.entity(path);
        }
      }
    },
    true,
  );
  // One open list at a time; a press elsewhere closes it.
  document.addEventListener("click", (event) => {
    for (const pop of document.querySelectorAll("details.pop[open]")) {
      if (event.target instanceof Node && !pop.contains(event.target)) pop.removeAttribute("open");
    }
  });
  document.getElementById("undo")?.addEventListener("click", undo);
  document.getElementById("redo")?.addEventListener("click", redo);
  document.getElementById("fit")?.addEventListener("click", shown.fit);
  document.getElementById("zoom-in")?.addEventListener("click", () => drawing.zoom(1.25));
  document.getElementById("zoom-out")?.addEventListener("click", () => drawing.zoom(0.8));

  // --- keys ---------------------------------------------------------------------------------------------------------

  /** @param {EventTarget | null} target */
  const writes = (target) => target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  document.addEventListener(
    "keydown",
    (event) => {
      if (document.querySelector("dialog[open]")) return;
      const pop = event.key === "Escape" ? document.querySelector("details.pop[open]") : null;
      if (pop) {
        pop.removeAttribute("open");
        pop.querySelector("summary")?.focus();
        event.preventDefault();
        event.stopPropagation();
        return;
      }
      if (writes(event.target)) return;
      const command = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if (command && key === "z") (event.shiftKey ? redo : undo)();
      else if (command && key === "y") redo();
      else if (command && event.key === "Enter" && drawing.selected() && event.target === host) toggle(drawing.selected()?.id ?? "");
      else if (command || event.altKey) return;
      else if (event.key === "?") /** @type {HTMLDialogElement} */ (document.getElementById("explore-keys")).showModal();
      else if (key === "f") shown.fit();
      else if (key === "t") act([`mode ${document.body.classList.contains("table") ? "graph" : "table"}`]);
      else if (event.key === "Escape" && side.hasDetail() && event.target !== document.getElementById("menu")) side.close(), host.focus();
      else if (event.target === host && key === "e" && drawing.selected()) expand(/** @type {Box} */ (drawing.selected()));
      else if (event.target === host && key === "p" && drawing.selected()) act([`pin ${drawing.selected()?.id}`]);
      else if (event.target === host && (event.key === "Delete" || event.key === "Backspace") && selected().length) hide(selected());
      else if (event.target === host && key === "l") {
        const two = selected().filter((id) => !isGroup(id));
        if (two.length === 2) route(two[0], two[1]);
        else if (drawing.selected()) (pathFrom = drawing.selected()?.id ?? ""), say(words.pathStart);
      } else if (event.target === host && event.key === "Enter" && drawing.selected() && !event.shiftKey) {
        const id = drawing.selected()?.id ?? "";
        if (pathFrom && pathFrom !== id) route(pathFrom, id);
        else if (isGroup(id)) act([`open ${id}`]);
        else side.entity(id, true);
      } else return;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );

  // --- the beginning ------------------------------------------------------------------------------------------------

  if (innerWidth <= 720) document.querySelector("#legend details")?.removeAttribute("open");
  shown.sync(json("canvas-data"));
  const steps = document.getElementById("path-steps");
  side.route(steps);
  shown.trace((steps?.dataset.entities ?? "").split(/\s+/).filter(Boolean).map(pathOf).filter((/** @type {string | null} */ p) => p !== null));
  buttons();
  host.dataset.boxes = String(drawing.boxes.size);
  const kept = history.state?.explore;
  const asked = new URL(location.href).searchParams;
  if (kept && !["state", "saved", "add", "of"].some((name) => asked.has(name))) load(kept, () => trail.amend(kept, null)).then(shown.fit);
  else history.replaceState({ explore: trail.now }, "", location.href);
  const only = trail.now.selected?.length === 1 ? trail.now.selected[0] : null;
  if (only && drawing.boxes.has(only)) {
    drawing.select(only);
    last = only;
    if (host.clientWidth > 1000) side.entity(only).then(shown.fit);
  }
  // Where each box is drawn, in pixels of the element, and to choose one: for readers' own scripts, and for the tests.
  Object.assign(host, {
    choose: (/** @type {string} */ id) => drawing.select(id),
    places: () => Object.fromEntries([...drawing.boxes.keys()].map((id) => [id, drawing.network.canvasToDOM(shown.place(id))])),
  });
  document.documentElement.dataset.explore = "ready";
}

/**
 * Draws what `kg.services.canvas` describes on a vis network: boxes with seal, line and tag as in the SVG drawings, lines
 * along their routes, lanes behind them. Nothing moves by itself, nothing is asked of any address, and whatever comes
 * from the data is drawn as text.
 *
 * @typedef {object} Look what the drawing knows of a node beside its place
 * @property {string} [label] @property {number} [width] @property {number} [height] @property {string} [kind]
 * @property {string} [seal] @property {string} [modality] @property {string} [text] @property {string} [tag] @property {string} [sub]
 * @property {string} [spoken] @property {string} [href] @property {boolean} [strong] @property {string[]} [notes]
 * @property {Record<string, any>} [more]
 * @typedef {object} Box @property {string} id @property {number} x @property {number} y @property {Look} kg
 * @property {boolean} [hidden]
 * @typedef {object} Line
 * @property {string} id @property {string} from @property {string} to
 * @property {{line?: string, open?: boolean, arrow?: boolean, points?: number[][], label?: string, spoken?: string,
 *   more?: Record<string, any>}} kg
 * @typedef {object} Band @property {string} label @property {number} x @property {number} y @property {number} width
 * @property {number} height @property {string} kind
 * @typedef {{nodes: Box[], edges: Line[], bands?: Band[], options?: Record<string, any>}} Data
 * @typedef {object} Handlers
 * @property {(box: Box) => void} [select] a box was chosen, by mouse or by keyboard
 * @property {(box: Box) => void} [open] Enter on a box, or a click on it
 * @property {(box: Box) => void} [expand] a double click, or Shift+Enter
 * @property {(line: Line) => void} [line] a line was clicked
 * @property {(target: Box | Line | null, x: number, y: number) => void} [menu] right click or the menu key; page pixels
 * @property {(box: Box, x: number, y: number) => void} [moved] a box was dragged to a place
 * @property {() => void} [clear] a click beside everything, or Escape
 * @property {(ctx: CanvasRenderingContext2D) => void} [after] draws on top, in the drawing's pixels
 * @property {() => void} [changed] what is in view has changed
 */

/** Dashes by modality, as in the SVG: a dash means "not yet" and nothing else. */
const DASHES = { underway: [7, 3], expected: [7, 3], planned: [3, 3], intended: [3, 3], target: [3, 3], none: [1.5, 3] };
const LINES = {
  main: { colour: "ink", width: 1.75, dash: [7, 3] },
  role: { colour: "line-3", width: 1, dash: [7, 3] },
  template: { colour: "line-3", width: 1.5, dash: [7, 3] },
  path: { colour: "ink", width: 2.5, dash: [7, 3] },
};
const KINDS = ["zone", "ent", "uni", "proj", "prod", "plat", "fund", "pol", "cert", "doc"];
/** Below this scale a box is a bar of its kind's colour: its words couldn't be read. */
const WORDS_FROM = 0.35;
/** At this scale and above the names are easy to read. */
const READABLE = 0.7;
const NEAR = 6;
const CORNER = 7;

/** @param {Element} element @returns {Record<string, string>} the style sheet's colours as they hold now */
function palette(element) {
  const style = getComputedStyle(element);
  /** @type {Record<string, string>} */
  const found = { sans: style.getPropertyValue("--sans").trim() || "sans-serif" };
  for (const name of ["bg", "surface", "sunk", "ink", "ink-2", "ink-3", "line", "line-2", "line-3", "focus", "seal-ink"]) {
    found[name] = style.getPropertyValue(`--${name}`).trim() || (name === "surface" || name === "seal-ink" ? "#fff" : "#333");
  }
  for (const kind of KINDS) found[`k-${kind}`] = style.getPropertyValue(`--k-${kind}`).trim() || "#66727f";
  return found;
}

/**
 * Build the drawing inside an element. `vis` must have been loaded.
 *
 * @param {HTMLElement} host an element with a size; it becomes one stop of the tab key
 * @param {Data} data
 * @param {Handlers} [handlers]
 */
export function canvas(host, data, handlers = {}) {
  const vis = /** @type {any} */ (globalThis).vis;
  const options = data.options ?? {};
  let colours = palette(host);
  /** @type {Map<string, Box>} */
  const boxes = new Map();
  /** @type {Map<string, Line>} */
  const lines = new Map();
  /** Where each box stood when its lines were routed: a route holds while both of its ends are there. */
  const home = new Map();
  /** @type {Band[]} */
  let bands = data.bands ?? [];
  /** @type {string | null} */
  let chosen = null;
  /** @type {Set<string>} */
  let lit = new Set();
  /** @type {Map<string, string>} */
  const fitted = new Map();
  /** What of the drawing is in sight, in its own pixels. */
  let view = { left: -Infinity, right: Infinity, top: -Infinity, bottom: Infinity };

  const nodes = new vis.DataSet();
  host.classList.add("canvas");
  host.tabIndex = 0;
  host.setAttribute("role", "application");
  const network = new vis.Network(
    host,
    // Without the lines: vis knows no routes, and would only keep a hidden line for each of ours.
    { nodes, edges: [] },
    {
      autoResize: true,
      physics: false,
      layout: { randomSeed: 1, improvedLayout: false },
      interaction: { hover: true, tooltipDelay: 1e9, dragNodes: options.draggable !== false, multiselect: false, selectConnectedEdges: false, hoverConnectedEdges: false },
      nodes: { shape: "custom", chosen: false, labelHighlightBold: false },
    },
  );
  // The element itself is the stop of the tab key; vis makes its own frame another.
  for (const inner of host.querySelectorAll("[tabindex]")) inner.setAttribute("tabindex", "-1");
  for (const drawn of host.querySelectorAll("canvas")) drawn.setAttribute("aria-hidden", "true");
  const said = document.createElement("p");
  said.className = "sr";
  said.setAttribute("aria-live", "polite");
  host.append(said);

  /** @param {Box} box */
  const size = (box) => ({ width: box.kg.width ?? 208, height: box.kg.height ?? 28 });
  /** @param {string} id @returns {{x: number, y: number}} */
  const at = (id) => network.body.nodes[id] ?? { x: 0, y: 0 };

  /**
   * Add boxes and lines; what is there already stays where it is.
   *
   * @param {Box[]} more @param {Line[]} [between]
   */
  function add(more, between = []) {
    const fresh = more.filter((box) => !boxes.has(box.id));
    for (const box of fresh) {
      boxes.set(box.id, box);
      home.set(box.id, { x: box.x, y: box.y });
    }
    nodes.add(fresh.map((box) => ({ id: box.id, x: box.x, y: box.y, hidden: Boolean(box.hidden), shape: "custom", ctxRenderer: draw })));
    const joined = between.filter((line) => !lines.has(line.id) && boxes.has(line.from) && boxes.has(line.to));
    for (const line of joined) lines.set(line.id, line);
    if (!fresh.length) network.redraw();
  }

  /** Take boxes away, and the lines that end at them. @param {Iterable<string>} ids */
  function remove(ids) {
    const gone = new Set(ids);
    const cut = [...lines.values()].filter((line) => gone.has(line.from) || gone.has(line.to)).map((line) => line.id);
    for (const id of cut) lines.delete(id);
    for (const id of gone) boxes.delete(id), home.delete(id);
    nodes.remove([...gone]);
    if (chosen && gone.has(chosen)) select(null);
  }

  /** Take single lines away. @param {Iterable<string>} ids */
  function removeLines(ids) {
    for (const id of ids) lines.delete(id);
    network.redraw();
  }

  /** Hide the boxes for which `test` is true, and show the others; nothing moves. @param {(box: Box) => boolean} test */
  function hide(test) {
    const changes = [];
    for (const box of boxes.values()) {
      const hidden = test(box);
      if (Boolean(box.hidden) !== hidden) changes.push({ id: box.id, hidden });
      box.hidden = hidden;
    }
    if (changes.length) nodes.update(changes);
  }

  /** What `draw` is given by vis for one box. @param {{ctx: CanvasRenderingContext2D, id: string, x: number, y: number, state: {hover: boolean}}} given */
  function draw({ ctx, id, x, y, state }) {
    const box = boxes.get(id);
    if (!box) return { drawNode() {} };
    const { width, height } = size(box);
    // vis draws what is out of sight too, until it has seen it once.
    const seen = x + width / 2 > view.left && x - width / 2 < view.right && y + height / 2 > view.top && y - height / 2 < view.bottom;
    return {
      drawNode: () => seen && paint(ctx, box, x - width / 2, y - height / 2, state.hover),
      nodeDimensions: { width, height },
    };
  }

  /** @param {CanvasRenderingContext2D} ctx @param {Box} box @param {number} x @param {number} y @param {boolean} hover */
  function paint(ctx, box, x, y, hover) {
    const { width, height } = size(box);
    const look = box.kg;
    const silent = look.modality === "none";
    const open = !silent && (look.modality ?? "actual") !== "actual";
    const colour = look.more?.colour ?? colours[`k-${look.kind ?? "doc"}`] ?? colours["k-doc"];
    const scale = network.getScale();
    if (lit.size && !lit.has(box.id)) ctx.globalAlpha = 0.35;
    if (scale < WORDS_FROM && box.id !== chosen) {
      ctx.fillStyle = silent ? colours["line-2"] : colour;
      ctx.globalAlpha *= open ? 0.4 : 0.85;
      ctx.fillRect(x, y, width, height);
      return;
    }
    ctx.beginPath();
    ctx.roundRect(x, y, width, height, 5);
    ctx.fillStyle = silent || hover ? colours.sunk : colours.surface;
    ctx.fill();
    ctx.strokeStyle = silent ? colours["line-3"] : colour;
    ctx.lineWidth = look.strong ? 1.75 : 1.25;
    ctx.setLineDash(DASHES[/** @type {keyof typeof DASHES} */ (look.modality)] ?? []);
    ctx.stroke();
    ctx.setLineDash([]);
    if (box.id === chosen) {
      ctx.beginPath();
      ctx.roundRect(x - 3, y - 3, width + 6, height + 6, 7);
      ctx.strokeStyle = colours.ink;
      ctx.lineWidth = 2;
      ctx.stroke();
    }
    const middle = y + height / 2;
    let left = x + 10;
    ctx.textBaseline = "middle";
    if (!silent && look.seal) {
      ctx.beginPath();
      ctx.roundRect(x + 6, middle - 8, 16, 16, 3);
      ctx.lineWidth = 1.25;
      ctx.strokeStyle = ctx.fillStyle = colour;
      if (open) ctx.stroke();
      else ctx.fill();
      ctx.font = `700 11px ${colours.sans}`;
      ctx.textAlign = "center";
      ctx.fillStyle = open ? colour : colours["seal-ink"];
      ctx.fillText(look.seal, x + 14, middle + 0.5);
      left = x + 28;
    }
    let right = x + width - 7;
    if (look.tag) {
      ctx.font = `400 11px ${colours.sans}`;
      ctx.textAlign = "right";
      ctx.fillStyle = colours["ink-2"];
      const tag = shortened(ctx, look.tag, width * 0.6);
      ctx.fillText(tag, right, middle + 0.5);
      right -= ctx.measureText(tag).width + 7;
    }
    ctx.textAlign = "left";
    if (look.sub) {
      ctx.font = `400 11px ${colours.sans}`;
      ctx.fillStyle = colours["ink-2"];
      ctx.fillText(shortened(ctx, look.sub, right - left), left, middle + 9.5);
    }
    ctx.font = `${look.strong ? 700 : 400} 13px ${colours.sans}`;
    ctx.fillStyle = silent ? colours["ink-2"] : colours.ink;
    ctx.fillText(shortened(ctx, look.text || look.label || "", right - left), left, middle + (look.sub ? -7.5 : 0.5));
  }

  /** @param {CanvasRenderingContext2D} ctx @param {string} text @param {number} room */
  function shortened(ctx, text, room) {
    const key = `${ctx.font}|${Math.round(room)}|${text}`;
    const known = fitted.get(key);
    if (known !== undefined) return known;
    // No box holds more than this, and a label may have ten thousand characters.
    const characters = [...text.slice(0, 400).replace(/\s+/g, " ")].slice(0, 120);
    const whole = characters.join("");
    let kept = whole;
    if (text.length > 400 || ctx.measureText(whole).width > room) {
      let low = 0;
      let high = characters.length;
      while (low < high) {
        const half = (low + high + 1) >> 1;
        if (ctx.measureText(`${characters.slice(0, half).join("")}…`).width <= room) low = half;
        else high = half - 1;
      }
      kept = `${characters.slice(0, low).join("").trimEnd()}…`;
    }
    if (fitted.size > 20000) fitted.clear();
    fitted.set(key, kept);
    return kept;
  }

  /** The corners of a line as it runs now. @param {Line} line @returns {number[][]} */
  function course(line) {
    const from = at(line.from);
    const to = at(line.to);
    const [a, b] = [home.get(line.from), home.get(line.to)];
    if (line.kg.points && a && b && near(from, a) && near(to, b)) return line.kg.points;
    return [border(line.from, to), border(line.to, from)];
  }

  /** @param {{x: number, y: number}} a @param {{x: number, y: number}} b */
  const near = (a, b) => Math.abs(a.x - b.x) < 0.5 && Math.abs(a.y - b.y) < 0.5;

  /** Where a straight line to a point leaves a box. @param {string} id @param {{x: number, y: number}} to */
  function border(id, to) {
    const from = at(id);
    const box = boxes.get(id);
    if (!box) return [from.x, from.y];
    const { width, height } = size(box);
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const part = Math.min(dx ? width / 2 / Math.abs(dx) : Infinity, dy ? height / 2 / Math.abs(dy) : Infinity, 1);
    return [from.x + dx * part, from.y + dy * part];
  }

  /** @param {Line} line */
  const shown = (line) => !boxes.get(line.from)?.hidden && !boxes.get(line.to)?.hidden;

  network.on("beforeDrawing", (/** @type {CanvasRenderingContext2D} */ ctx) => {
    const scale = network.getScale();
    const middle = network.getViewPosition();
    const [halfX, halfY] = [host.clientWidth / 2 / scale, host.clientHeight / 2 / scale];
    view = { left: middle.x - halfX, right: middle.x + halfX, top: middle.y - halfY, bottom: middle.y + halfY };
    for (const band of bands) {
      ctx.strokeStyle = colours.line;
      ctx.lineWidth = 1;
      ctx.beginPath();
      if (band.kind === "lane") {
        ctx.moveTo(band.x, band.y);
        ctx.lineTo(band.x + band.width, band.y);
      } else if (band.kind === "silent") {
        ctx.setLineDash([1.5, 3]);
        ctx.strokeStyle = colours["line-3"];
        ctx.roundRect(band.x, band.y, band.width, band.height, 5);
        ctx.fillStyle = colours.sunk;
        ctx.fill();
      }
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.font = `400 12px ${colours.sans}`;
      ctx.textAlign = "left";
      ctx.textBaseline = band.kind === "silent" ? "middle" : "top";
      ctx.fillStyle = colours["ink-2"];
      if (scale >= WORDS_FROM) ctx.fillText(shortened(ctx, band.label, band.kind === "lane" ? 84 : band.width - 12), band.x + (band.kind === "column" ? 0 : 12), band.kind === "silent" ? band.y + band.height / 2 : band.y + 16);
    }
    for (const line of lines.values()) {
      if (!shown(line)) continue;
      const points = course(line);
      let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
      for (const [x, y] of points) {
        if (x < left) left = x;
        if (x > right) right = x;
        if (y < top) top = y;
        if (y > bottom) bottom = y;
      }
      if (right < view.left || left > view.right || bottom < view.top || top > view.bottom) continue;
      const touched = chosen !== null && (line.from === chosen || line.to === chosen);
      const style = LINES[/** @type {keyof typeof LINES} */ (line.kg.line ?? "role")] ?? LINES.role;
      ctx.globalAlpha = lit.size && !(lit.has(line.from) && lit.has(line.to)) ? 0.25 : 1;
      ctx.strokeStyle = ctx.fillStyle = touched ? colours.ink : colours[style.colour];
      ctx.lineWidth = touched ? Math.max(1.5, style.width) : style.width;
      ctx.lineCap = line.kg.line === "template" ? "round" : "butt";
      ctx.setLineDash(line.kg.line === "template" ? [1, 4] : line.kg.open ? style.dash : []);
      ctx.beginPath();
      ctx.moveTo(points[0][0], points[0][1]);
      for (let n = 1; n < points.length - 1; n++) {
        const reach = Math.min(CORNER, span(points[n - 1], points[n]) / 2, span(points[n], points[n + 1]) / 2);
        ctx.arcTo(points[n][0], points[n][1], points[n + 1][0], points[n + 1][1], reach);
      }
      const end = points[points.length - 1];
      ctx.lineTo(end[0], end[1]);
      ctx.stroke();
      ctx.setLineDash([]);
      if (line.kg.arrow && scale >= WORDS_FROM) arrow(ctx, points[points.length - 2], end);
      if (line.kg.label && scale >= 0.6) caption(ctx, line.kg.label, points);
      ctx.globalAlpha = 1;
    }
  });

  /** @param {number[]} a @param {number[]} b */
  const span = (a, b) => Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]);

  /** @param {CanvasRenderingContext2D} ctx @param {number[]} from @param {number[]} to */
  function arrow(ctx, from, to) {
    const turn = Math.atan2(to[1] - from[1], to[0] - from[0]);
    ctx.save();
    ctx.translate(to[0], to[1]);
    ctx.rotate(turn);
    ctx.beginPath();
    ctx.moveTo(-7.4, -3.2);
    ctx.lineTo(0, 0);
    ctx.lineTo(-7.4, 3.2);
    ctx.closePath();
    ctx.fill();
    ctx.restore();
  }

  /** @param {CanvasRenderingContext2D} ctx @param {string} text @param {number[][]} points */
  function caption(ctx, text, points) {
    const place = Math.floor((points.length - 1) / 2);
    const [a, b] = [points[place], points[place + 1]];
    ctx.font = `400 11px ${colours.sans}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.lineWidth = 4;
    ctx.lineJoin = "round";
    ctx.strokeStyle = colours.surface;
    const words = shortened(ctx, text, 160);
    ctx.strokeText(words, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
    ctx.fillStyle = colours["ink-2"];
    ctx.fillText(words, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
  }

  network.on("afterDrawing", (/** @type {CanvasRenderingContext2D} */ ctx) => {
    handlers.after?.(ctx);
    host.dataset.drawn = "true";
  });

  /** The line under a point of the drawing. @param {{x: number, y: number}} point @returns {Line | null} */
  function lineAt(point) {
    const reach = NEAR / network.getScale();
    let best = null;
    let nearest = reach;
    for (const line of lines.values()) {
      if (!shown(line)) continue;
      const points = course(line);
      for (let n = 1; n < points.length; n++) {
        const away = distance(point, points[n - 1], points[n]);
        if (away < nearest) [best, nearest] = [line, away];
      }
    }
    return best;
  }

  /** @param {{x: number, y: number}} p @param {number[]} a @param {number[]} b */
  function distance(p, a, b) {
    const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    const along = dx || dy ? Math.max(0, Math.min(1, ((p.x - a[0]) * dx + (p.y - a[1]) * dy) / (dx * dx + dy * dy))) : 0;
    return Math.hypot(p.x - a[0] - along * dx, p.y - a[1] - along * dy);
  }

  network.on("click", (/** @type {any} */ event) => {
    const id = network.getNodeAt(event.pointer.DOM);
    const box = id === undefined ? undefined : boxes.get(id);
    if (box) {
      select(box.id);
      handlers.open?.(box);
      return;
    }
    const line = handlers.line ? lineAt(event.pointer.canvas) : null;
    if (line) handlers.line?.(line);
    else select(null), handlers.clear?.();
  });
  network.on("doubleClick", (/** @type {any} */ event) => {
    const box = boxes.get(network.getNodeAt(event.pointer.DOM));
    if (box) handlers.expand?.(box);
  });
  network.on("oncontext", (/** @type {any} */ event) => {
    if (!handlers.menu) return;
    event.event.preventDefault();
    const box = boxes.get(network.getNodeAt(event.pointer.DOM)) ?? lineAt(event.pointer.canvas);
    handlers.menu(box, event.event.pageX, event.event.pageY);
  });
  network.on("dragEnd", (/** @type {any} */ event) => {
    for (const id of event.nodes) {
      const box = boxes.get(id);
      const place = network.getPosition(id);
      if (box && (box.x !== place.x || box.y !== place.y)) {
        [box.x, box.y] = [place.x, place.y];
        handlers.moved?.(box, place.x, place.y);
      }
    }
    handlers.changed?.();
  });
  network.on("zoom", () => handlers.changed?.());

  host.addEventListener("keydown", (event) => {
    if (event.target !== host || event.ctrlKey || event.metaKey || event.altKey) return;
    const box = chosen === null ? undefined : boxes.get(chosen);
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (step && event.shiftKey) pan(step[0] * 60, step[1] * 60);
    else if (step) select(neighbour(step[0], step[1])?.id ?? chosen);
    else if (event.key === "Enter" && box) (event.shiftKey ? handlers.expand : handlers.open)?.(box);
    else if (event.key === "Escape") select(null), handlers.clear?.();
    else if (event.key === "+" || event.key === "=") zoom(1.25);
    else if (event.key === "-") zoom(0.8);
    else if (event.key === "0") fit();
    else if ((event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) && box && handlers.menu) {
      const place = network.canvasToDOM(at(box.id));
      const frame = host.getBoundingClientRect();
      handlers.menu(box, frame.left + scrollX + place.x, frame.top + scrollY + place.y);
    } else return;
    event.preventDefault();
  });

  /** The nearest box in a direction; the first of all where none is chosen. @param {number} dx @param {number} dy */
  function neighbour(dx, dy) {
    const visible = [...boxes.values()].filter((box) => !box.hidden);
    const here = chosen === null ? null : at(chosen);
    if (!here) return visible.sort((a, b) => at(a.id).x - at(b.id).x || at(a.id).y - at(b.id).y)[0];
    let best;
    let least = Infinity;
    for (const box of visible) {
      const there = at(box.id);
      const ahead = (there.x - here.x) * dx + (there.y - here.y) * dy;
      const aside = Math.abs((there.x - here.x) * dy) + Math.abs((there.y - here.y) * dx);
      if (ahead > 1 && ahead + 2 * aside < least) [best, least] = [box, ahead + 2 * aside];
    }
    return best;
  }

  /** Choose a box, or none; it is read out, and brought into view where it isn't. @param {string | null} id */
  function select(id) {
    const box = id === null ? undefined : boxes.get(id);
    const before = chosen;
    chosen = box ? box.id : null;
    if (box && chosen !== before) {
      said.textContent = (box.kg.spoken || [box.kg.label, box.kg.tag, box.kg.sub].filter(Boolean).join(", ")).slice(0, 500);
      show(box.id);
      handlers.select?.(box);
    }
    network.redraw();
  }

  /** Bring a box into view. @param {string} id */
  function show(id) {
    const place = network.canvasToDOM(at(id));
    const inside = place.x > 40 && place.y > 20 && place.x < host.clientWidth - 40 && place.y < host.clientHeight - 20;
    if (!inside) network.moveTo({ position: at(id), animation: false });
  }

  /** @param {number} dx @param {number} dy screen pixels */
  function pan(dx, dy) {
    const view = network.getViewPosition();
    network.moveTo({ position: { x: view.x + dx / network.getScale(), y: view.y + dy / network.getScale() }, animation: false });
    handlers.changed?.();
  }

  /** @param {number} factor */
  function zoom(factor) {
    network.moveTo({ scale: Math.max(0.02, Math.min(4, network.getScale() * factor)), animation: false });
    handlers.changed?.();
  }

  /** What the visible boxes and the bands cover, in the drawing's pixels. */
  function extent() {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const box of boxes.values()) {
      if (box.hidden) continue;
      const { width, height } = size(box);
      const { x, y } = at(box.id);
      [left, right] = [Math.min(left, x - width / 2), Math.max(right, x + width / 2)];
      [top, bottom] = [Math.min(top, y - height / 2), Math.max(bottom, y + height / 2)];
    }
    for (const band of bands) {
      [left, right] = [Math.min(left, band.x), Math.max(right, band.x + band.width)];
      [top, bottom] = [Math.min(top, band.y), Math.max(bottom, band.y + band.height)];
    }
    return left > right ? { left: 0, top: 0, right: 0, bottom: 0 } : { left, top, right, bottom };
  }

  /** Show everything, never larger than it was drawn; without a size yet it does nothing. */
  function fit() {
    const { left, top, right, bottom } = extent();
    if (!host.clientWidth || !host.clientHeight) return;
    const scale = Math.min(1, host.clientWidth / (right - left + 32 || 1), host.clientHeight / (bottom - top + 32 || 1));
    network.moveTo({ position: { x: (left + right) / 2, y: (top + bottom) / 2 }, scale, animation: false });
    handlers.changed?.();
  }

  /** Show everything, or the upper left part of it in a size that can be read where everything would be too small. */
  function begin() {
    const { left, top, right, bottom } = extent();
    if (options.start !== "top" || !host.clientWidth || !host.clientHeight) return fit();
    const wide = host.clientWidth / (right - left + 32 || 1);
    if (Math.min(wide, host.clientHeight / (bottom - top + 32 || 1)) >= READABLE) return fit();
    const scale = Math.min(1, Math.max(READABLE, wide));
    const [x, y] = [left - 16 + host.clientWidth / 2 / scale, top - 16 + host.clientHeight / 2 / scale];
    network.moveTo({ position: { x: wide > scale ? (left + right) / 2 : x, y }, scale, animation: false });
  }

  /** Pick boxes out; the rest fades. None: all as they were. @param {Iterable<string>} [ids] */
  function light(ids = []) {
    lit = new Set(ids);
    network.redraw();
  }

  const repaint = () => {
    colours = palette(host);
    network.redraw();
  };
  new MutationObserver(repaint).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);

  // Last: vis draws as soon as there is something.
  add(data.nodes, data.edges);
  begin();
  return {
    network, nodes, boxes, lines, add, remove, removeLines, hide, select, show, light, fit, zoom, pan, extent,
    redraw: () => network.redraw(),
    selected: () => (chosen === null ? null : (boxes.get(chosen) ?? null)),
    /** Where the boxes stand now, by id. */
    positions: () => Object.fromEntries([...boxes.keys()].map((id) => [id, { x: at(id).x, y: at(id).y }])),
    /** @param {Band[]} next */
    setBands(next) {
      bands = next;
      network.redraw();
    },
  };
}

/** The data that a page carries in a JSON block. @param {string} [id] @returns {Data | null} */
export function dataOf(id = "canvas-data") {
  const block = document.getElementById(id);
  return block ? JSON.parse(block.textContent ?? "null") : null;
}

/**
 * The drawing of the explorer on the shared canvas: what is there already stays where it is, what is new comes, what is
 * gone goes; counts of hidden neighbours, marks of what is inferred, and the rings of what is selected on top.
 *
 * @typedef {import("../canvas.js").Box} Box @typedef {import("../canvas.js").Line} Line
 * @typedef {import("../canvas.js").Data} Data @typedef {import("../canvas.js").Handlers} Handlers
 */
import { canvas } from "../canvas.js";

/** From this scale on a count can be read. */
const WORDS_FROM = 0.35;
const MARKS_FROM = 0.6;
/** Boxes are looked for in rows of this height, in the drawing's pixels. */
const ROW = 64;
/** Between groups, the number of links is written on lines of at least so many. */
const COUNTED = 10;

/**
 * @param {HTMLElement} host @param {Data} data @param {Handlers} handlers
 * @param {() => {left: number, right: number, top: number, bottom: number}} insets what lies over the drawing, in pixels
 */
export function picture(host, data, handlers, insets) {
  /** @type {Set<string>} */
  let marked = new Set();
  /** @type {string[]} */
  let path = [];
  let first = true;
  // The canvas draws once while it is made, before there is anything to draw on top of.
  let made = false;
  const drawing = canvas(host, { ...data, nodes: [], edges: [] }, { ...handlers, after });
  const style = getComputedStyle(host);
  /** The style sheet's colours as they hold while one picture is drawn. @type {Record<string, string>} */
  let colours = {};
  const ink = (/** @type {string} */ name) => (colours[name] ??= style.getPropertyValue(`--${name}`).trim());
  /** Lines on which the mark of what is inferred has room; null where that must be found again. @type {Line[] | null} */
  let roomy = null;

  /** @param {CanvasRenderingContext2D} ctx */
  function after(ctx) {
    if (!made) return;
    colours = {};
    const scale = drawing.network.getScale();
    const chosen = drawing.selected()?.id;
    const middle = drawing.network.getViewPosition();
    const [wide, high] = [host.clientWidth / 2 / scale + 160, host.clientHeight / 2 / scale + 40];
    const paths = new Set(path);
    for (const box of drawing.boxes.values()) {
      const at = place(box.id);
      if (Math.abs(at.x - middle.x) > wide || Math.abs(at.y - middle.y) > high) continue;
      const { width = 208, height = 28, more } = box.kg;
      if ((marked.has(box.id) || paths.has(box.id)) && box.id !== chosen) {
        ctx.beginPath();
        ctx.roundRect(at.x - width / 2 - 3, at.y - height / 2 - 3, width + 6, height + 6, 7);
        ctx.strokeStyle = ink("ink");
        ctx.lineWidth = 1.25;
        ctx.stroke();
      }
      if (scale < WORDS_FROM) continue;
      if (more?.share) {
        // Size by a measure: a bar below the box, as long as the measure is high; the box itself keeps its place.
        ctx.fillStyle = ink("ink");
        ctx.fillRect(at.x - width / 2, at.y + height / 2 + 3, width * more.share, 4);
      }
      if (more?.more) badge(ctx, `+${more.more}`, at.x + width / 2, at.y - height / 2);
      if (more?.pinned) pin(ctx, at.x - width / 2, at.y - height / 2);
    }
    if (scale >= MARKS_FROM) for (const line of (roomy ??= withRoom())) guess(ctx, line);
    handlers.after?.(ctx);
  }

  /** @param {CanvasRenderingContext2D} ctx @param {string} text @param {number} x @param {number} y */
  function badge(ctx, text, x, y) {
    ctx.font = `400 11px ${ink("sans") || "sans-serif"}`;
    const wide = ctx.measureText(text).width + 12;
    ctx.beginPath();
    ctx.roundRect(x - wide / 2, y - 8, wide, 16, 8);
    ctx.fillStyle = ink("ink");
    ctx.fill();
    ctx.fillStyle = ink("surface");
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText(text, x, y + 0.5);
  }

  /** @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y */
  function pin(ctx, x, y) {
    ctx.beginPath();
    ctx.arc(x, y, 4, 0, 2 * Math.PI);
    ctx.fillStyle = ink("surface");
    ctx.fill();
    ctx.strokeStyle = ink("ink");
    ctx.lineWidth = 1.5;
    ctx.stroke();
  }

  /** Three dots, ∴, on a line that no document states as such. @param {CanvasRenderingContext2D} ctx @param {Line} line */
  function guess(ctx, line) {
    const [a, b] = [place(line.from), place(line.to)];
    const [x, y] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
    ctx.fillStyle = ink("bg");
    ctx.beginPath();
    ctx.arc(x, y, 5, 0, 2 * Math.PI);
    ctx.fill();
    ctx.fillStyle = ink("ink-3");
    for (const [dx, dy] of [[0, -2.4], [-2.7, 2.2], [2.7, 2.2]]) {
      ctx.beginPath();
      ctx.arc(x + dx, y + dy, 1.05, 0, 2 * Math.PI);
      ctx.fill();
    }
  }

  /** The inferred lines whose middle lies on no box. @returns {Line[]} */
  function withRoom() {
    /** @type {Map<number, Box[]>} */
    const rows = new Map();
    for (const box of drawing.boxes.values()) {
      const row = Math.floor(place(box.id).y / ROW);
      rows.set(row, [...(rows.get(row) ?? []), box]);
    }
    return [...drawing.lines.values()].filter((line) => {
      if (!line.kg.more?.inferred) return false;
      const [a, b] = [place(line.from), place(line.to)];
      const [x, y] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
      const row = Math.floor(y / ROW);
      return ![row - 1, row, row + 1].some((r) =>
        rows.get(r)?.some((box) => {
          const at = place(box.id);
          return Math.abs(at.x - x) < (box.kg.width ?? 208) / 2 + 5 && Math.abs(at.y - y) < 19;
        }),
      );
    });
  }

  /** @param {string} id @returns {{x: number, y: number}} where a box stands, in the drawing's pixels */
  const place = (id) => drawing.network.body.nodes[id] ?? { x: 0, y: 0 };

  /** Show other data. @param {Data} next @returns {string[]} the boxes that came */
  function sync(next) {
    const wanted = new Map(next.nodes.map((box) => [box.id, box]));
    const lines = new Map(next.edges.map((line) => [line.id, line]));
    drawing.removeLines([...drawing.lines.keys()].filter((id) => !lines.has(id)));
    drawing.remove([...drawing.boxes.keys()].filter((id) => !wanted.has(id)));
    const moves = [];
    for (const [id, box] of drawing.boxes) {
      const now = /** @type {Box} */ (wanted.get(id));
      const at = place(id);
      if (at.x !== now.x || at.y !== now.y) moves.push({ id, x: now.x, y: now.y });
      Object.assign(box, now);
    }
    if (moves.length) drawing.nodes.update(moves);
    for (const [id, line] of drawing.lines) line.kg = /** @type {Line} */ (lines.get(id)).kg;
    const came = next.nodes.filter((box) => !drawing.boxes.has(box.id)).map((box) => box.id);
    drawing.add(next.nodes, next.edges);
    roomy = null;
    trace(path);
    if (first && next.nodes.length) {
      first = false;
      fit();
    }
    return came;
  }

  /** Pick out the lines of a path. @param {string[]} entities in their order */
  function trace(entities) {
    path = entities;
    const steps = new Set(entities.slice(1).flatMap((id, n) => [`${entities[n]} ${id}`, `${id} ${entities[n]}`]));
    for (const line of drawing.lines.values()) {
      const on = steps.has(`${line.from} ${line.to}`);
      line.kg.line = on ? "path" : "role";
      line.kg.label = on ? line.kg.more?.named : (line.kg.more?.n ?? 0) >= COUNTED ? String(line.kg.more?.n) : "";
    }
    drawing.redraw();
  }

  /** Show everything beside what lies over the drawing; never larger than it was drawn. */
  function fit() {
    const { left, top, right, bottom } = drawing.extent();
    const over = insets();
    const wide = host.clientWidth - over.left - over.right;
    const high = host.clientHeight - over.top - over.bottom;
    if (wide <= 0 || high <= 0) return;
    const scale = Math.max(0.03, Math.min(1, wide / (right - left + 56), high / (bottom - top + 56)));
    const x = (left + right) / 2 - (over.left - over.right) / 2 / scale;
    const y = (top + bottom) / 2 - (over.top - over.bottom) / 2 / scale;
    drawing.network.moveTo({ position: { x, y }, scale, animation: false });
    handlers.changed?.();
  }

  /** How many of these boxes lie outside of the window. @param {string[]} ids */
  function outside(ids) {
    const over = insets();
    return ids.filter((id) => {
      const at = drawing.network.canvasToDOM(place(id));
      return at.x < over.left || at.y < over.top || at.x > host.clientWidth - over.right || at.y > host.clientHeight - over.bottom;
    }).length;
  }

  made = true;
  return {
    drawing,
    sync,
    trace,
    fit,
    outside,
    place,
    /** @param {Iterable<string>} ids */
    mark(ids) {
      marked = new Set(ids);
      drawing.redraw();
    },
    marked: () => [...marked].filter((id) => drawing.boxes.has(id)),
  };
}

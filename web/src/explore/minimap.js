/**
 * The whole drawing in small, with what the window shows; a press moves the window there.
 *
 * @param {HTMLCanvasElement} map @param {ReturnType<typeof import("./picture.js").picture>} shown @param {HTMLElement} host
 */
export function minimap(map, shown, host) {
  const ctx = map.getContext("2d");
  const { drawing, place } = shown;
  let waiting = false;
  /** @type {{scale: number, x: number, y: number}} */
  let view = { scale: 1, x: 0, y: 0 };

  function draw() {
    waiting = false;
    if (!ctx || !map.getClientRects().length) return;
    const style = getComputedStyle(map);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
    const middle = drawing.network.getViewPosition();
    const zoom = drawing.network.getScale();
    const [wide, high] = [host.clientWidth / zoom, host.clientHeight / zoom];
    const all = drawing.extent();
    // What the window shows is always whole in it.
    const left = Math.min(all.left, middle.x - wide / 2);
    const right = Math.max(all.right, middle.x + wide / 2);
    const top = Math.min(all.top, middle.y - high / 2);
    const bottom = Math.max(all.bottom, middle.y + high / 2);
    const scale = Math.min(map.width / (right - left + 80), map.height / (bottom - top + 80));
    view = { scale, x: (left + right) / 2 - map.width / 2 / scale, y: (top + bottom) / 2 - map.height / 2 / scale };
    const x = (/** @type {number} */ value) => (value - view.x) * scale;
    const y = (/** @type {number} */ value) => (value - view.y) * scale;
    ctx.clearRect(0, 0, map.width, map.height);
    ctx.strokeStyle = colour("line-2");
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (const line of drawing.lines.values()) {
      const [a, b] = [place(line.from), place(line.to)];
      ctx.moveTo(x(a.x), y(a.y));
      ctx.lineTo(x(b.x), y(b.y));
    }
    ctx.stroke();
    for (const box of drawing.boxes.values()) {
      const at = place(box.id);
      const { width = 100, height = 28, kind = "doc" } = box.kg;
      ctx.fillStyle = colour(`k-${kind}`);
      ctx.fillRect(x(at.x - width / 2), y(at.y - height / 2), Math.max(3, width * scale), Math.max(3, height * scale));
    }
    ctx.strokeStyle = colour("ink");
    ctx.lineWidth = 2;
    ctx.strokeRect(x(middle.x - wide / 2), y(middle.y - high / 2), wide * scale, high * scale);
  }

  /** @param {PointerEvent} event */
  function move(event) {
    const frame = map.getBoundingClientRect();
    const at = {
      x: view.x + ((event.clientX - frame.left) / frame.width) * (map.width / view.scale),
      y: view.y + ((event.clientY - frame.top) / frame.height) * (map.height / view.scale),
    };
    drawing.network.moveTo({ position: at, animation: false });
  }
  map.addEventListener("pointerdown", (event) => {
    map.setPointerCapture(event.pointerId);
    move(event);
  });
  map.addEventListener("pointermove", (event) => {
    if (event.buttons) move(event);
  });
  drawing.network.on("afterDrawing", () => {
    if (!waiting) requestAnimationFrame(draw);
    waiting = true;
  });
}

// The charts of zones: what is drawn stands in the table beside, which is the whole of it without script. Texts come
// from the graph: they are drawn on a canvas and never become markup.
import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([LineChart, ScatterChart, BarChart, GridComponent, TooltipComponent, CanvasRenderer]);

/**
 * @typedef {{ day: string, value: number, number: string, unit: string, modality: string, word: string, tip: string[],
 *   base: boolean, chained: boolean }} Point
 * @typedef {{ name: string, value: number | null, text: string, modality: string, tip: string[] }} Bar
 * @typedef {{ kind: "series", baseline: string, points: Point[] }} Series
 * @typedef {{ kind: "bars", bars: Bar[] }} Bars
 * @typedef {Record<"ink" | "ink2" | "ink3" | "line" | "line2" | "surface", string>} Palette
 */

const RING = "M-6 0a6 6 0 1 1 12 0a6 6 0 1 1 -12 0zM-4.4 0a4.4 4.4 0 1 0 8.8 0a4.4 4.4 0 1 0 -8.8 0z";
const ARC = "M6 0a6 6 0 0 1 -3 5.2l-.7 -1.2a4.6 4.6 0 0 0 2.3 -4z";
const THIRD = "M-3 5.2a6 6 0 0 1 -3 -5.2h1.4a4.6 4.6 0 0 0 2.3 4z";
const TOP = "M-3 -5.2a6 6 0 0 1 6 0l-.7 1.2a4.6 4.6 0 0 0 -4.6 0z";
/** The mark of each modality, in a square of 12: solid, half, ringed, broken. */
const MARKS = {
  actual: "circle",
  expected: `path://${RING}M0 -6a6 6 0 0 0 0 12z`,
  target: `path://${RING}M-2.2 0a2.2 2.2 0 1 1 4.4 0a2.2 2.2 0 1 1 -4.4 0z`,
  underway: `path://${RING}`,
  planned: `path://${ARC}${THIRD}${TOP}`,
  intended: `path://${ARC}${THIRD}${TOP}`,
};
/** The line that leads to a point of a modality; a dash means "not yet" and nothing else. */
const LINES = {
  actual: { width: 2, type: "solid" },
  expected: { width: 2, type: [7, 3] },
  target: { width: 1.25, type: [2, 4] },
};
/** For paper, whatever the screen's colours are. */
const PAPER = { ink: "#000", ink2: "#333", ink3: "#555", line: "#ccc", line2: "#999", surface: "#fff" };

/** @returns {Palette} the colours of the page as it is shown now */
function palette() {
  const style = getComputedStyle(document.documentElement);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  const [ink, ink2, ink3] = [colour("--ink"), colour("--ink-2"), colour("--ink-3")];
  return { ink, ink2, ink3, line: colour("--line"), line2: colour("--line-2"), surface: colour("--surface") };
}

/** @param {string} text @returns {string} the text without what would be style within a label */
const plain = (text) => text.replace(/[{}|]/g, " ");

/** @param {string[]} lines @param {Palette} c */
function tooltip(lines, c) {
  // Rich text is drawn on the canvas: no markup is made of a label.
  return lines.map((line, n) => `{${n ? "s" : "b"}|${plain(line)}}`).join("\n");
}

/** @param {Palette} c */
function tips(c) {
  const text = { color: c.ink2, fontSize: 12, lineHeight: 18 };
  return {
    renderMode: "richText",
    confine: true,
    trigger: "item",
    backgroundColor: c.surface,
    borderColor: c.line2,
    textStyle: { ...text, rich: { b: { ...text, color: c.ink, fontWeight: 700 }, s: text } },
    formatter: (/** @type {{ data: { tip?: string[] } }} */ item) => tooltip(item.data.tip ?? [], c),
  };
}

/** @param {number} most @returns {number} a round number at or above */
function roundUp(most) {
  const unit = 10 ** Math.floor(Math.log10(most || 1));
  return ([1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((n) => n * unit >= most * 1.08) ?? 12) * unit;
}

/** @param {Series} data @param {Palette} c @param {number} width */
function series(data, c, width) {
  const years = (/** @type {string} */ day) => Number(day.slice(0, 4)) + (Number(day.slice(5, 7)) - 12) / 12;
  const narrow = width < 480;
  const points = data.points.map((p) => ({ ...p, x: years(p.day) }));
  const chain = points.filter((p) => p.chained);
  const segments = chain.slice(1).map((to, n) => ({
    type: "line",
    silent: true,
    symbol: "none",
    z: 2,
    data: [[chain[n].x, chain[n].value], [to.x, to.value]],
    lineStyle: { color: c.ink, ...(LINES[to.modality] ?? LINES.expected) },
  }));
  const xs = points.map((p) => p.x);
  const [first, last] = [Math.min(...xs), Math.max(...xs)];
  const labelled = points.map((p, n) => {
    const twin = points.findIndex((o) => o.x === p.x && o.value === p.value);
    const same = twin !== n || points.some((o, m) => m > n && o.x === p.x && o.value === p.value);
    // Two that coincide stand side by side, their words on either side of the line.
    const below = p.x !== last && (p.x === first || twin !== n || p.modality === "target");
    const words = p.base ? `${p.word} · ${data.baseline}` : p.word;
    // Above and to the left of a rising line is room, and below and to the right of it: what is aimed at stands there.
    return {
      value: [p.x, p.value],
      tip: p.tip,
      symbol: MARKS[p.modality] ?? MARKS.planned,
      symbolSize: 13,
      symbolOffset: [same ? (twin === n ? -8 : 8) : 0, 0],
      itemStyle: { color: c.ink, opacity: 1 },
      label: {
        show: true,
        position: below ? "right" : "left",
        offset: below ? [-2, 16] : [6, -16],
        formatter: `{n|${plain(p.number)}} {w|${plain(words)}}`,
        rich: {
          n: { fontSize: narrow ? 15 : 20, fontWeight: 700, color: c.ink },
          w: { fontSize: 12, color: c.ink2 },
        },
      },
    };
  });
  const ground = labelled.map(({ value, symbolOffset }) => ({
    value,
    symbolOffset,
    symbol: "circle",
    symbolSize: 19,
    itemStyle: { color: c.surface, opacity: 1 },
  }));
  const axis = { color: c.ink3, fontSize: 12 };
  const shown = new Set(xs.map((x) => Math.round(x)));
  return {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    tooltip: tips(c),
    grid: { left: 8, right: 24, top: 30, bottom: 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: {
      type: "value",
      min: Math.floor(first) - 0.4,
      max: Math.ceil(last) + 0.4,
      interval: 1,
      axisLine: { lineStyle: { color: c.line2 } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: {
        ...axis,
        showMinLabel: true,
        showMaxLabel: true,
        hideOverlap: true,
        formatter: (/** @type {number} */ x) => String(Math.round(x)),
        customValues: [...shown],
      },
    },
    yAxis: {
      type: "value",
      min: 0,
      max: roundUp(Math.max(...points.map((p) => p.value))),
      splitNumber: 3,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: axis,
      splitLine: { lineStyle: { color: c.line } },
    },
    series: [
      ...segments,
      { type: "scatter", silent: true, z: 3, data: ground },
      { type: "scatter", z: 4, data: labelled, },
    ],
  };
}

const ruler = document.createElement("canvas").getContext("2d");

/** @param {string} text @returns {number} its width in a chart, in pixels */
function measure(text) {
  if (!ruler) return text.length * 13;
  ruler.font = `13px ${getComputedStyle(document.body).fontFamily}`;
  return ruler.measureText(text).width;
}

/** @param {Bars} data @param {Palette} c @param {number} width */
function bars(data, c, width) {
  const room = Math.min(width * 0.45, Math.max(...data.bars.map((b) => measure(b.name))) + 18);
  const most = Math.max(...data.bars.map((b) => b.value ?? 0)) || 1;
  // The longest bar is as long as leaves room for the words behind every bar.
  const free = Math.max(width - room - 8, 1);
  const scale = Math.min(...data.bars.map((b) => (free - measure(b.text) - 12) / (b.value || most / 1000)));
  return {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    tooltip: tips(c),
    grid: { left: room, right: 8, top: 4, bottom: 4, outerBoundsMode: "none" },
    xAxis: { type: "value", min: 0, max: Math.max(free / Math.max(scale, 1e-12), most), show: false },
    yAxis: {
      type: "category",
      inverse: true,
      data: data.bars.map((b) => b.name),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: c.ink, fontSize: 13, width: room - 14, overflow: "truncate", margin: 12 },
    },
    series: [
      {
        type: "bar",
        barWidth: 12,
        data: data.bars.map((b) => ({
          value: b.value ?? 0,
          tip: b.tip,
          itemStyle:
            b.modality === "actual"
              ? { color: c.ink, borderRadius: [0, 2, 2, 0] }
              : { color: c.surface, borderColor: c.ink, borderWidth: b.value ? 1.25 : 0, borderType: [7, 3] },
          label: {
            show: true,
            position: "right",
            color: b.value === null ? c.ink3 : c.ink,
            fontSize: 13,
            formatter: plain(b.text),
          },
        })),
      },
    ],
  };
}

/** @type {{ chart: import("echarts/core").ECharts, data: Series | Bars }[]} */
const drawn = [];

/** @param {Palette} [colours] */
function draw(colours = palette()) {
  for (const { chart, data } of drawn) {
    const width = chart.getWidth();
    const option = data.kind === "series" ? series(data, colours, width) : bars(data, colours, width);
    chart.setOption(/** @type {any} */ (option), { notMerge: true });
  }
}

for (const plot of document.querySelectorAll("[data-chart]")) {
  if (!(plot instanceof HTMLElement)) continue;
  const data = /** @type {Series | Bars} */ (JSON.parse(plot.dataset.chart ?? "{}"));
  drawn.push({ chart: init(plot, null, { renderer: "canvas" }), data });
  new ResizeObserver(() => {
    const found = drawn.find(({ chart }) => chart.getDom() === plot);
    if (!found || found.chart.getWidth() === plot.clientWidth) return;
    found.chart.resize();
    draw();
  }).observe(plot);
}
draw();
new MutationObserver(() => draw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
addEventListener("beforeprint", () => draw(PAPER));
addEventListener("afterprint", () => draw());

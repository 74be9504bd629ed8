"""Drawings of chains at 200, 1,000 and 10,000 boxes: how long they take, beside stock pyvis on the same graph.

Prints for each size, in milliseconds: placing the boxes; writing the SVG with its words; making the graph model of the
interactive view, and the page around it; and in headless Chromium from the answer's first byte to the first picture of
the interactive page. Beside each the same of stock pyvis, with the same places and without physics (a force layout of
10,000 boxes doesn't end), and the ratios. Ends with 1 if the page of 200 boxes takes more than a second from asking for
it to its first picture.

    make bench
"""

import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "browser")]

from chromium import CHROMIUM, launch, serving  # noqa: E402
from pyvis.network import Network  # noqa: E402

from kg.config import Settings  # noqa: E402
from kg.services.canvas import Canvas  # noqa: E402
from kg.services.drawing import draw  # noqa: E402
from kg.services.lineup import lineup  # noqa: E402
from kg.store.embedded import EmbeddedStore  # noqa: E402
from kg.web.app import create_app  # noqa: E402
from kg.web.pages.downloads import svg  # noqa: E402
from kg.web.pages.linework import ChainPresenter  # noqa: E402
from services.chain_graphs import made  # noqa: E402

SIZES = (200, 1_000, 10_000)
ROUNDS = 3
FIRST_DRAW_MOST_MS = 1_000
PATIENCE_MS = 180_000
#: Notes when the first picture is on the canvas: the end of the first frame in which something was filled on it.
WATCH = """
for (const name of ['fill', 'fillRect', 'fillText']) {
  const before = CanvasRenderingContext2D.prototype[name];
  CanvasRenderingContext2D.prototype[name] = function (...given) {
    if (!window.drawnAt && !window.waiting) {
      window.waiting = true;
      requestAnimationFrame(() => setTimeout(() => { window.drawnAt = performance.now(); }));
    }
    return before.apply(this, given);
  };
}
"""


def milliseconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the median time of a few rounds."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def first_draw(browser: Any, address: str, rounds: int = ROUNDS) -> tuple[float, float]:
    """Return the median times from the answer's first byte, and from asking, to the first picture of a page."""
    since_answer, since_asked = [], []
    for _ in range(rounds):
        context = browser.new_context(viewport={"width": 1440, "height": 1000})
        # Stock pyvis asks a CDN, and a file needs no network. Routing each request would cost more than the drawing.
        context.set_offline(address.startswith("file:"))
        page = context.new_page()
        page.add_init_script(WATCH)
        page.goto(address, wait_until="commit", timeout=PATIENCE_MS)
        page.wait_for_function("() => window.drawnAt", timeout=PATIENCE_MS)
        drawn = page.evaluate("window.drawnAt")
        since_asked.append(drawn)
        since_answer.append(drawn - page.evaluate("performance.getEntriesByType('navigation')[0].responseStart"))
        context.close()
    return statistics.median(since_answer), statistics.median(since_asked)


def stock(canvas: Canvas) -> Network:
    """Make the same graph with pyvis as it comes."""
    network = Network(directed=True, cdn_resources="in_line")
    for node in canvas.nodes:
        network.add_node(node["id"], label=node["kg"].get("label", ""), shape="box", x=node["x"], y=node["y"])
    for edge in canvas.edges:
        network.add_edge(edge["from"], edge["to"])
    network.toggle_physics(status=False)
    return network


def measured(browser: Any, folder: Path, boxes: int) -> dict[str, float]:
    """Measure one size."""
    # Stock pyvis takes quadratic time: one round of it tells enough at the largest size.
    rounds = 1 if boxes >= SIZES[-1] else ROUNDS
    with EmbeddedStore.open(None) as store:
        made(store, boxes)
        app = create_app(replace(Settings(), base="none"), store)
        client = app.test_client()
        line = lineup(store, "c")
        with app.test_request_context("/chains/c"):
            presenter = ChainPresenter(line, "zh")
            nodes, edges, canvas = presenter.nodes(), presenter.edges(), presenter.canvas()
            found = {
                "place": milliseconds(lambda: draw(line)),
                "svg": milliseconds(lambda: svg(ChainPresenter(line, "zh"))),
                "model": milliseconds(lambda: Canvas(nodes, edges)),
                "model of pyvis": milliseconds(lambda: stock(canvas), rounds),
            }
        ready = stock(canvas)
        found["page"] = milliseconds(lambda: client.get("/chains/c?view=interactive").data)
        found["page of pyvis"] = milliseconds(ready.generate_html)
        file = folder / f"stock-{boxes}.html"
        file.write_text(ready.generate_html(), encoding="utf-8")
        with serving(app) as address:
            found["draw"], found["asked"] = first_draw(browser, f"{address}/chains/c?view=interactive")
        found["draw of pyvis"], _ = first_draw(browser, file.as_uri(), rounds)
    return found


def tell(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Measure and print; return what the process ends with."""
    if not CHROMIUM.exists():
        tell("no /usr/bin/chromium: the drawings aren't measured")
        return 0
    from playwright.sync_api import sync_playwright

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    tell("drawings of chains beside stock pyvis, median ms")
    beside = (name for ours in ("model", "page", "draw") for name in (ours, "pyvis", "ratio"))
    tell("".join(f"{name:>9}" for name in ("boxes", "place", "SVG", *beside)))
    missed = 0
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = launch(playwright)
        for boxes in SIZES:
            m = measured(browser, Path(folder), boxes)
            cells = [f"{boxes:,}", f"{m['place']:.0f}", f"{m['svg']:.0f}"]
            for name in ("model", "page", "draw"):
                ours, theirs = m[name], m[f"{name} of pyvis"]
                cells += [f"{ours:.0f}", f"{theirs:.0f}", f"{ours / theirs:.2f}"]
            tell("".join(f"{cell:>9}" for cell in cells))
            if boxes == SIZES[0]:
                tell(f"  {boxes} boxes: {m['asked']:.0f} ms from asking for the page to its first picture")
                missed += m["asked"] > FIRST_DRAW_MOST_MS
        browser.close()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

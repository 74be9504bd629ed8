"""Chains in a browser: what an analyst does with them, by mouse and by keyboard, and what is saved, offline."""

import base64
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe import serious
from chromium import PHONE, Visit
from hostile import LABELS

from kg.store.embedded import EmbeddedStore
from services.chain_graphs import made, two_zones


@pytest.fixture(scope="module")
def small(serve: Callable[[EmbeddedStore], str]) -> Iterator[str]:
    with EmbeddedStore.open(None) as opened:
        two_zones(opened)
        yield serve(opened)


@pytest.fixture(scope="module")
def hostile(serve: Callable[[EmbeddedStore], str]) -> Iterator[str]:
    with EmbeddedStore.open(None) as opened:
        made(opened, 18, labels=LABELS)
        yield serve(opened)


def first_chain(visit: Visit, address: str) -> None:
    """Open a chain as a reader does: the list, then the first."""
    visit.page.goto(f"{address}/chains", wait_until="networkidle")
    visit.page.locator("table.ch th a").first.click()
    visit.page.wait_for_selector("svg.dg.chain")
    # The script comes after the drawing: until then a box is a link.
    visit.page.wait_for_load_state("networkidle")


def wait_for_canvas(page: Any) -> None:
    page.wait_for_selector("#canvas[data-drawn=true]")


def saved(page: Any, name: str) -> bytes:
    """Save an export through the menu of the page, and return its bytes."""
    page.locator("details.pick.right summary").click()
    with page.expect_download() as caught:
        page.locator(f"details.pick.right a[href*='/export/{name}']:not([data-png])").click()
    page.keyboard.press("Escape")
    return Path(caught.value.path()).read_bytes()


def test_a_box_opens_its_facts_and_a_fact_its_passage(browser: Any, address: str) -> None:
    with Visit(browser, viewport={"width": 1440, "height": 1000}) as visit:
        page = visit.page
        first_chain(visit, address)
        before = page.locator("svg.dg.chain a[data-box]").first.bounding_box()
        box = page.locator("svg.dg.chain a[data-box*='/enterprise/']").first
        name = (box.locator("title").text_content() or "").partition(" · ")[0]
        box.click()
        page.wait_for_selector("#drawer h2:focus")
        assert page.locator("#drawer h2").first.inner_text() == name
        assert page.locator("#drawer .f").count() > 3
        assert page.locator("#drawer .f .mod").count() >= page.locator("#drawer .f").count()
        assert page.locator("svg.dg.chain a[data-box]").first.bounding_box() == before, "no box moves"
        page.locator("#drawer a.ev").last.click()
        page.wait_for_selector("#passage.full")
        assert page.locator("#passage-body a[href*='/documents/']").count() > 0
        page.keyboard.press("Escape")
        assert page.locator("#drawer").is_hidden()
        assert visit.problems == []


def test_a_line_opens_the_fact_that_it_shows(browser: Any, small: str) -> None:
    with Visit(browser) as visit:
        page = visit.page
        page.goto(f"{small}/chains/c", wait_until="networkidle")
        page.locator("svg.dg.chain a[data-drawer*='fact=claim']").first.dispatch_event("click")
        page.wait_for_selector("#drawer .f")
        assert page.locator("#drawer .f").count() == 1


def test_a_mark_in_the_table_opens_its_passage_beside_it(browser: Any, address: str) -> None:
    with Visit(browser) as visit:
        page = visit.page
        first_chain(visit, address)
        page.locator("table.t a.ev").first.click()
        page.wait_for_selector("#passage.full")
        assert page.locator("#drawer").is_visible()


def test_filtering_to_what_is_expected_leaves_nothing_that_has_happened(browser: Any, address: str) -> None:
    with Visit(browser) as visit:
        page = visit.page
        first_chain(visit, address)
        everyone = page.locator("svg.dg.chain a[data-box]").count()
        page.locator("details.pick summary", has_text="状态").click()
        page.locator("details.pick input[name=modality][value=expected]").check()
        page.wait_for_url("**modality=expected**")
        page.wait_for_load_state("networkidle")
        boxes = page.locator("svg.dg.chain a[data-box]:has(rect.bx:not(.stage):not(.none))")
        assert 0 < boxes.count() < everyone
        assert page.locator("svg.dg.chain rect.bx.actual:not(.stage)").count() == 0
        modalities = page.locator("table.t tbody .mod:not(.none)").all_inner_texts()
        assert set(modalities) == {"预计"}
        page.go_back()
        page.wait_for_load_state("networkidle")
        assert page.locator("svg.dg.chain a[data-box]").count() == everyone


def test_a_link_opens_the_same_picture_in_another_browser(browser: Any, small: str) -> None:
    with Visit(browser) as visit:
        page = visit.page
        page.goto(f"{small}/chains/c", wait_until="networkidle")
        page.locator("ul.keys a", has_text="企业").click()
        page.wait_for_url("**kind=enterprise**")
        shared, boxes = page.url, page.locator("a[data-box]").evaluate_all("all => all.map(a => a.dataset.box)")
        assert page.locator("button[data-share]").get_attribute("data-copy") == shared
    with Visit(browser) as visit:
        visit.page.goto(shared, wait_until="networkidle")
        assert visit.page.locator("a[data-box]").evaluate_all("all => all.map(a => a.dataset.box)") == boxes


def test_views_are_switched_and_worked_by_keyboard_alone(browser: Any, small: str) -> None:
    with Visit(browser) as visit:
        page = visit.page
        page.goto(f"{small}/chains/c", wait_until="networkidle")

        def tab_to(selector: str) -> None:
            for _ in range(60):
                if page.evaluate("s => document.activeElement?.matches(s) ?? false", selector):
                    return
                page.keyboard.press("Tab")
            raise AssertionError(f"{selector} isn't reached by the tab key")

        tab_to("nav.seg a[href*='view=interactive']")
        page.keyboard.press("Enter")
        wait_for_canvas(page)
        page.wait_for_load_state("networkidle")
        tab_to("#canvas")
        page.keyboard.press("ArrowRight")
        said = page.locator("#canvas .sr")
        assert said.inner_text() == "原料 · 未见报道"
        page.keyboard.press("ArrowRight")
        assert said.inner_text().startswith("玻璃熔制")
        page.keyboard.press("Enter")
        page.wait_for_selector("#drawer h2:focus")
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.id") == "canvas"
        page.goto(f"{small}/chains/c", wait_until="networkidle")
        tab_to("nav.seg a[href*='view=table']")
        page.keyboard.press("Enter")
        page.wait_for_url("**view=table")
        page.goto(f"{small}/chains/c", wait_until="networkidle")
        tab_to("svg a[data-box$='/enterprise/e']")
        page.keyboard.press("Enter")
        page.wait_for_selector("#drawer h2:focus")
        assert visit.problems == []


def test_a_drag_moves_one_box_and_no_other(browser: Any, small: str) -> None:
    positions = "() => document.getElementById('canvas').drawing.positions()"
    on_screen = """id => { const { network } = document.getElementById('canvas').drawing;
        return network.canvasToDOM(network.getPosition(id)) }"""
    with Visit(browser) as visit:
        page = visit.page
        page.goto(f"{small}/chains/c?view=interactive", wait_until="networkidle")
        wait_for_canvas(page)
        data = page.evaluate("() => JSON.parse(document.getElementById('canvas-data').textContent).nodes")
        before = page.evaluate(positions)
        assert before == {node["id"]: {"x": node["x"], "y": node["y"]} for node in data}
        frame = page.locator("#canvas").bounding_box()
        moved = next(node["id"] for node in data if node["id"].endswith("/enterprise/e"))
        place = page.evaluate(on_screen, moved)
        x, y = frame["x"] + place["x"], frame["y"] + place["y"]
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 30, y + 50, steps=4)
        page.mouse.up()
        page.locator("button[data-zoom='1.25']").click()
        page.locator("button[data-zoom='fit']").click()
        after = page.evaluate(positions)
        assert {node for node in after if after[node] != before[node]} == {moved}
        assert visit.problems == []
        assert visit.hosts == {small.removeprefix("http://")}


def test_the_single_file_opens_with_the_network_cut(browser: Any, address: str, tmp_path: Path) -> None:
    with Visit(browser) as visit:
        page = visit.page
        first_chain(visit, address)
        shown = page.locator("svg.dg.chain a[data-box]").count()
        data = saved(page, "html")
    file = tmp_path / "链.html"
    file.write_bytes(data)
    with Visit(browser) as visit:
        visit.context.set_offline(True)
        asked: list[str] = []
        visit.context.route(
            "**/*",
            lambda route: (
                (asked.append(route.request.url), route.abort())[-1]
                if not route.request.url.startswith("file:")
                else route.continue_()
            ),
        )
        page = visit.page
        page.goto(file.as_uri())
        wait_for_canvas(page)
        boxes = page.evaluate("JSON.parse(document.getElementById('canvas-data').textContent).nodes.length")
        assert boxes == shown
        assert page.locator("details ol > li").count() == shown
        assert "数据截至" in page.locator("header").inner_text()
        assert "图谱版本" in page.locator("header").inner_text()
        assert "规划" in page.locator("ul.legend").inner_text()
        page.focus("#canvas")
        for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Enter"):
            page.keyboard.press(key)
        assert page.locator("#note").is_visible()
        painted = page.evaluate(
            """() => {
                const c = document.querySelector('#canvas canvas');
                const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
                const seen = new Set();
                for (let i = 0; i < d.length; i += 4) seen.add((d[i] << 16) | (d[i + 1] << 8) | d[i + 2]);
                return seen.size;
            }"""
        )
        assert painted > 20, "something is drawn"
        assert asked == []
        assert visit.hosts == {""}
        assert visit.problems == []


def test_a_picture_is_saved_as_png_with_chinese_in_it(browser: Any, small: str) -> None:
    with Visit(browser) as visit:
        page = visit.page
        page.goto(f"{small}/chains/c?zone=east", wait_until="networkidle")
        svg = page.evaluate("async () => (await fetch('/chains/c/export/svg?zone=east')).text()")
        width = int(re.findall(r'width="(\d+)"', svg)[0])
        page.locator("details.pick.right summary").click()
        with page.expect_download() as caught:
            page.locator("a[data-png]").click()
        data = Path(caught.value.path()).read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">I", data[16:20])[0] == 2 * width
        # The line with the name isn't blank: the ink of 玻璃链 covers a few percent of its place.
        encoded = "data:image/png;base64," + base64.b64encode(data).decode()
        dark = page.evaluate(
            """async (url) => {
                const image = new Image();
                image.src = url;
                await image.decode();
                const c = document.createElement('canvas');
                [c.width, c.height] = [120, 60];
                c.getContext('2d').drawImage(image, -20, -20);
                const d = c.getContext('2d').getImageData(0, 0, 120, 60).data;
                let ink = 0;
                for (let i = 0; i < d.length; i += 4) ink += d[i] < 100;
                return ink / (120 * 60);
            }""",
            encoded,
        )
        assert 0.05 < dark < 0.6
        assert visit.problems == []


VIEWS = ("/chains", "/chains/c", "/chains/c?view=interactive", "/chains/c?view=table", "/chains/compare?chain=c")


@pytest.mark.parametrize("path", VIEWS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Any, small: str, path: str, scheme: str) -> None:
    with Visit(browser, color_scheme=scheme, bypass_csp=True) as visit:
        page = visit.page
        page.goto(small + path, wait_until="networkidle")
        if path == "/chains/c":
            page.locator("svg a[data-box$='/enterprise/e']").first.click()
            page.wait_for_selector("#drawer h2:focus")
        assert serious(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_single_file(browser: Any, small: str, tmp_path: Path, scheme: str) -> None:
    with Visit(browser) as visit:
        visit.page.goto(f"{small}/chains/c", wait_until="networkidle")
        (tmp_path / "c.html").write_bytes(saved(visit.page, "html"))
    with Visit(browser, color_scheme=scheme, bypass_csp=True) as visit:
        # Its policy is in the file itself: the checker comes in by the debugger.
        visit.page.goto((tmp_path / "c.html").as_uri())
        wait_for_canvas(visit.page)
        assert serious(visit.page) == []


@pytest.mark.parametrize("path", VIEWS)
def test_no_label_runs_on_any_view(browser: Any, hostile: str, path: str) -> None:
    with Visit(browser) as visit:
        page = visit.page
        page.on("dialog", lambda dialog: visit.problems.append(dialog.message))
        page.goto(hostile + path, wait_until="networkidle")
        if "interactive" in path:
            wait_for_canvas(page)
            page.focus("#canvas")
            for _ in range(6):
                page.keyboard.press("ArrowRight")
                page.keyboard.press("ArrowDown")
            page.keyboard.press("Enter")
            page.wait_for_selector("#drawer:not([hidden]) h2")
        elif path == "/chains/c":
            for box in page.locator("svg a[data-box]:not([data-box*='/segment/'])").all()[:6]:
                box.dispatch_event("click")
                page.wait_for_selector("#drawer:not([hidden]) h2")
        assert "hit" not in page.title()
        assert page.locator("main img, main iframe").count() == 0
        assert visit.problems == []
        assert visit.hosts == {hostile.removeprefix("http://")}


@pytest.mark.parametrize("name", ["html", "svg"])
def test_no_label_runs_in_what_is_saved(browser: Any, hostile: str, tmp_path: Path, name: str) -> None:
    with Visit(browser) as visit:
        visit.page.goto(f"{hostile}/chains/c", wait_until="networkidle")
        (tmp_path / f"c.{name}").write_bytes(saved(visit.page, name))
    with Visit(browser) as visit:
        page = visit.page
        page.goto((tmp_path / f"c.{name}").as_uri())
        if name == "html":
            wait_for_canvas(page)
            page.focus("#canvas")
            for _ in range(4):
                page.keyboard.press("ArrowRight")
                page.keyboard.press("Enter")
        assert "hit" not in page.title()
        assert page.locator("img").count() == 0
        assert visit.problems == []


def test_a_drawing_wider_than_the_screen_says_so(browser: Any, address: str) -> None:
    with Visit(browser, viewport={"width": 1280, "height": 900}) as visit:
        page = visit.page
        first_chain(visit, address)
        page.wait_for_selector("#pan-hint.more")
        page.evaluate("() => { const p = document.querySelector('.pan'); p.scrollLeft = p.scrollWidth }")
        page.wait_for_selector("#pan-hint:not(.more)")
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_phone_has_the_stages_down_a_spine(browser: Any, address: str, language: str) -> None:
    with Visit(browser, viewport=PHONE) as visit:
        page = visit.page
        page.goto(f"{address}/chains?lang={language}", wait_until="networkidle")
        page.locator("table.ch th a").first.click()
        page.wait_for_selector("ol.spine > li")
        page.wait_for_load_state("networkidle")
        assert page.locator("svg.dg.chain").is_hidden()
        assert page.locator("ol.spine > li").count() == page.locator("ol.spine h3").count() > 3
        tops = [box["y"] for box in (li.bounding_box() for li in page.locator("ol.spine > li").all()) if box]
        assert tops == sorted(tops)
        page.locator("ol.spine a.box").first.click()
        page.wait_for_selector("#drawer h2:focus")
        sheet = page.locator("#drawer").bounding_box()
        assert sheet["x"] == 0
        assert sheet["y"] + sheet["height"] <= PHONE["height"] + 1
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        for path in ("view=interactive", "view=table"):
            page.goto(f"{page.url.partition('?')[0]}?lang={language}&{path}", wait_until="networkidle")
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path


def test_a_chain_works_without_script(browser: Any, small: str) -> None:
    with Visit(browser, java_script_enabled=False) as visit:
        page = visit.page
        page.goto(f"{small}/chains/c", wait_until="networkidle")
        page.locator("details.pick summary", has_text="类别").click()
        page.locator("input[name=kind][value=project]").check()
        page.locator("#filters button").click()
        assert "kind=project" in page.url
        assert page.locator("svg.dg.chain a[data-box*='/project/']").count() == 1
        page.locator("svg.dg.chain a[data-box*='/project/']").click()
        assert page.url.endswith("/entity/project/p")
        page.goto(f"{small}/chains/c?view=interactive")
        assert page.locator("noscript").count() == 1
        page.goto(f"{small}/chains/compare?chain=c")
        page.select_option("select[name=left]", "west")
        page.select_option("select[name=right]", "east")
        page.locator("form button.pri").click()
        assert page.locator("table.cmp tbody tr").count() == 4


def test_the_query_of_a_view_runs_on_the_console(browser: Any, small: str) -> None:
    with Visit(browser) as visit:
        page = visit.page
        page.goto(f"{small}/chains/c?zone=east", wait_until="networkidle")
        boxes = page.locator("svg a[data-box]").count()
        page.locator("#sparql summary").click()
        page.locator("#sparql form button").first.click()
        page.wait_for_url("**/console**")
        assert page.locator("table.t tbody tr").count() == boxes

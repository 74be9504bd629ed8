"""The explorer in a browser, by mouse and by keyboard alone: what analysts do, and that nothing moves meanwhile."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe import serious
from chromium import PHONE, Visit
from hostile import LABELS

from kg.model.vocabulary import ID
from kg.services import exploration, links
from kg.services.viewstate import ViewState
from kg.store.embedded import EmbeddedStore
from kg.web.pages import explored

Places = dict[str, dict[str, float]]


@pytest.fixture(scope="module")
def path_of(store: EmbeddedStore) -> Callable[[str], str]:
    known = sorted(iri.removeprefix(ID) for iri in links.read(store).classes)
    return lambda start: next(path for path in known if path.startswith(start))


class Explorer(Visit):
    """A page of the explorer."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        super().__init__(browser, **{"viewport": {"width": 1440, "height": 900}, **options})
        self.address = address

    def open(self, path: str = "/explore") -> Any:
        self.page.goto(path if path.startswith("http") else self.address + path, wait_until="networkidle")
        self.ready()
        return self.page

    def until(self, holds: str, given: object = None) -> None:
        """Wait until an expression or a function holds; the page's own policy lets no other way of waiting evaluate."""
        for _ in range(600):
            if self.page.evaluate(holds, given):
                return
            self.page.wait_for_timeout(25)
        raise AssertionError(f"it never held: {holds}")

    def ready(self) -> None:
        self.until("document.documentElement.dataset.explore === 'ready'")

    def places(self) -> Places:
        found: Places = self.page.evaluate("document.getElementById('canvas').places()")
        return {path: {axis: round(value, 3) for axis, value in at.items()} for path, at in found.items()}

    def boxes(self) -> list[list[Any]]:
        """The boxes of the state that the address holds."""
        text = self.page.input_value("#act input[name=state]")
        found: list[list[Any]] = json.loads(text).get("boxes", [])
        return found

    def count(self, wanted: Callable[[int], bool]) -> int:
        """Wait until the drawing has so many boxes, and return how many."""
        for _ in range(400):
            n = len(self.places())
            if wanted(n):
                return n
            self.page.wait_for_timeout(50)
        raise AssertionError(f"there are {len(self.places())} boxes")

    def count_more_than(self, least: int) -> int:
        return self.count(lambda n: n > least)

    def click(self, path: str, **options: Any) -> None:
        at = self.places()[path]
        self.page.locator("#canvas").click(position=at, **options)

    def double_click(self, path: str) -> None:
        self.page.locator("#canvas").dblclick(position=self.places()[path])

    def fit(self) -> None:
        self.page.focus("#canvas")
        self.page.keyboard.press("f")


def moved(before: Places, after: Places) -> list[str]:
    return [path for path, at in before.items() if path in after and after[path] != at]


def test_an_analysts_session_by_mouse(
    browser: Any, address: str, path_of: Callable[[str], str], tmp_path: Path
) -> None:
    haino, university = path_of("enterprise/hainuokeji"), path_of("university/zhongbeidaxue")
    customer = path_of("enterprise/zhongguohaiyang")
    with Explorer(browser, address) as explorer:
        page = explorer.open()
        assert page.locator("#start").is_visible()

        # Search by initials, and add what is found.
        page.click("#add-name")
        page.keyboard.type("hnkj")
        page.wait_for_selector("#add [role=option]")
        page.locator("#add [role=option]", has_text="海诺科技").first.click()
        explorer.count(lambda n: n == 1)
        assert page.locator("#start").is_hidden()

        # Expand three times: what stands stays where it is, to the pixel.
        steps = [explorer.places()]
        for path in (haino, path_of("product/kongxinboliweizhu"), path_of("zone/gaoping")):
            explorer.fit()
            before = explorer.places()
            explorer.double_click(path)
            explorer.count_more_than(len(before))
            assert moved(before, explorer.places()) == []
            steps.append(explorer.places())
        assert "新显示" in page.inner_text("#message")
        three = {path: [x, y] for path, x, y, *_ in explorer.boxes()}

        # The drawer shows facts, and a mark its passage in place.
        explorer.fit()
        explorer.click(haino)
        page.wait_for_selector("#pane-facts .ev")
        page.locator("#pane-facts .ev").first.click()
        page.wait_for_selector(".passage-in")
        page.click("#tab-missing")
        assert page.locator("#pane-missing").is_visible()
        assert page.locator("#pane-facts").is_hidden()

        # Undo, and redo.
        page.click("#undo")
        explorer.count(lambda n: n == len(steps[2]))
        page.click("#redo")
        explorer.count(lambda n: n == len(steps[3]))
        assert {path: [x, y] for path, x, y, *_ in explorer.boxes()} == three

        # A path between two that are selected.
        explorer.fit()
        explorer.click(university)
        explorer.click(customer, modifiers=["Control"])
        explorer.click(customer, button="right")
        page.get_by_role("menuitem", name="到它为止找路径").click()
        page.wait_for_selector("#path-steps .hop .ev")
        assert page.locator("#path-steps .step").count() == 3
        page.wait_for_selector("#path-bar")

        # Filter to what is planned: the legend's own words.
        page.click("#path-bar [value=route]")
        page.wait_for_selector("#path-bar", state="detached")
        page.locator('button[value="sole modality planned"]').evaluate("b => b.click()")
        explorer.until("document.querySelector('#act input').value.includes('\"modalities\":[\"planned\"]')")
        explorer.count(lambda n: n < len(steps[3]))
        page.click("[data-mode=table]")
        page.wait_for_selector("#links", state="visible")
        assert {row.inner_text().strip() for row in page.locator("#links td:nth-child(4)").all()} <= {"规划"}
        page.click("[data-mode=graph]")
        page.wait_for_selector("#links", state="detached")
        page.click("button[value=unfiltered]")
        explorer.count(lambda n: n == len(steps[3]))

        # Dragging pins.
        explorer.fit()
        at = explorer.places()[university]
        frame = page.locator("#canvas").bounding_box()
        assert frame is not None
        page.mouse.move(frame["x"] + at["x"], frame["y"] + at["y"])
        page.mouse.down()
        page.mouse.move(frame["x"] + at["x"] + 40, frame["y"] + at["y"] + 30, steps=5)
        page.mouse.up()
        explorer.until(
            "path => JSON.parse(document.querySelector('#act input').value).boxes.some(b => b[0] === path && b[3] & 1)",
            university,
        )

        # Whoever gets the link sees the same: another browser, reload, back and forward.
        page.click("#share-pop summary")
        shared = page.input_value("#share-address")
        here = explorer.boxes()
        with Explorer(browser, address) as other:
            other.open(shared)
            assert other.boxes() == here
            assert set(other.places()) == set(explorer.places())
            other.page.reload(wait_until="networkidle")
            other.ready()
            assert other.boxes() == here
            other.page.go_back()
        page.reload(wait_until="networkidle")
        explorer.ready()
        assert explorer.boxes() == here
        page.go_back()
        explorer.until(
            "n => JSON.parse(document.querySelector('#act input').value).boxes[n][3] !== 1",
            [b[0] for b in here].index(university),
        )

        # Saved under a hash.
        page.click("#share-pop summary")
        page.fill("#save-name", "海诺周围")
        page.click("#save button")
        explorer.until("document.querySelector('#share-address').value.includes('/s/')")
        with Explorer(browser, address) as other:
            other.open(page.input_value("#share-address"))
            assert other.boxes() == explorer.boxes()
            assert other.page.title().startswith("海诺周围")
        page.keyboard.press("Escape")

        # The single file opens with the network cut.
        page.click("#export-pop summary")
        with page.expect_download() as download:
            page.click('#export button[value="html"]')
        file = tmp_path / "picture.html"
        download.value.save_as(file)
        assert explorer.problems == []
        assert explorer.hosts == {urlsplit(address).netloc}
    with Explorer(browser, address) as cut:
        cut.context.set_offline(True)
        cut.page.goto(file.as_uri())
        cut.page.wait_for_selector("#canvas[data-drawn]")
        assert "图谱版本" in cut.page.inner_text("body")
        assert "数据截至" in cut.page.inner_text("body")
        assert cut.problems == []
        assert cut.hosts <= {""}


def test_an_analysts_session_by_keyboard_alone(browser: Any, address: str, path_of: Callable[[str], str]) -> None:
    haino = path_of("enterprise/hainuokeji")
    with Explorer(browser, address) as explorer:
        page = explorer.open()
        press = page.keyboard.press

        press("/")
        page.keyboard.type("hnkj")
        page.wait_for_selector("#add [role=option]")
        press("ArrowDown")
        press("Enter")
        explorer.count(lambda n: n == 1)

        page.focus("#canvas")  # the tab key leads there; how many stops there are on the way is tested apart
        before = explorer.places()
        press("e")
        first = explorer.count(lambda n: n > 1)
        assert moved(before, explorer.places()) == []
        for _ in range(2):
            press("f")
            press("ArrowRight")
            before = explorer.places()
            press("e")
            page.wait_for_timeout(400)
            assert moved(before, explorer.places()) == []
        press("Control+z")
        explorer.until("document.querySelector('#message').textContent.includes('已撤销')")

        # Facts, tabs, and back to the graph.
        press("Enter")
        page.wait_for_selector("#drawer [role=tab]")
        explorer.until("document.activeElement.getAttribute('role') === 'tab'")
        press("ArrowRight")
        assert page.evaluate("document.activeElement.id") == "tab-relations"
        press("Escape")
        explorer.until("document.activeElement.id === 'canvas'")

        # The menu: arrow keys and Enter.
        press("Shift+F10")
        page.wait_for_selector("#menu:not([hidden])")
        assert page.evaluate("document.activeElement.getAttribute('role')") == "menuitem"
        press("Escape")
        assert page.evaluate("document.activeElement.id") == "canvas"

        # A path: one end, then the other.
        press("l")
        press("ArrowLeft")
        press("ArrowLeft")
        press("Enter")
        page.wait_for_selector("#path-bar")
        assert page.locator("#path-steps").is_visible()

        # Pin, hide, undo.
        page.focus("#canvas")
        press("p")
        explorer.until("JSON.parse(document.querySelector('#act input').value).boxes.some(b => b[3] & 1)")
        n = len(explorer.places())
        press("Delete")
        explorer.count(lambda now: now == n - 1)
        press("Control+z")
        explorer.count(lambda now: now == n)
        press("Control+Shift+z")
        explorer.count(lambda now: now == n - 1)
        press("Control+z")
        explorer.count(lambda now: now == n)

        # All of it from the table.
        press("t")
        page.wait_for_selector("#entities", state="visible")
        page.focus(f'#table button[value="hide {haino}"]')
        press("Enter")
        page.wait_for_selector(f'#table button[value="show {haino}"]')
        page.focus(f'#table button[value="show {haino}"]')
        press("Enter")
        page.wait_for_selector(f'#table button[value="hide {haino}"]')
        page.focus(f'#table [data-menu="{haino}"]')
        press("Enter")
        page.wait_for_selector("#menu:not([hidden])")
        press("Escape")
        page.focus(f'#table [data-open="{haino}"]')
        press("Enter")
        page.wait_for_selector("#pane-facts")
        explorer.until("document.activeElement.getAttribute('role') === 'tab'")
        press("Escape")
        page.locator("#links [data-link]").first.focus()
        press("Enter")
        page.wait_for_selector("#drawer .fact .ev")
        press("Escape")
        press("t")
        page.wait_for_selector("#entities", state="hidden")

        press("?")
        page.wait_for_selector("#explore-keys[open]")
        press("Escape")
        assert first > 1
        assert explorer.problems == []


def test_a_view_that_is_too_large_for_an_address_survives_a_reload_and_is_shared_by_a_short_link(
    browser: Any, address: str, store: EmbeddedStore
) -> None:
    every = sorted(iri.removeprefix(ID) for iri in links.read(store).classes)
    state = exploration.add(store, ViewState(), every)
    assert len(state.encoded()) > explored.ADDRESS_MAX
    with Explorer(browser, address) as explorer:
        saved = explorer.context.request.post(f"{address}/s", data={"kind": "view", "state": state.as_json()}).json()
        page = explorer.open(saved["address"])
        explorer.count(lambda n: n == len(every))
        page.evaluate("id => document.getElementById('canvas').choose(id)", every[0])
        page.focus("#canvas")
        page.keyboard.press("Delete")
        explorer.count(lambda n: n == len(every) - 1)
        assert urlsplit(page.url).path == "/explore"
        here = explorer.boxes()
        page.reload(wait_until="networkidle")
        explorer.ready()
        explorer.count(lambda n: n == len(every) - 1)
        assert explorer.boxes() == here
        page.click("#share-pop summary")
        page.click("#share-copy")
        explorer.until("document.querySelector('#share-address').value.includes('/s/')")
        assert explorer.problems == []


def test_the_tab_key_reaches_the_graph_and_leaves_it(browser: Any, address: str, path_of: Callable[[str], str]) -> None:
    with Explorer(browser, address) as explorer:
        page = explorer.open(f"/explore?add={path_of('enterprise/hainuokeji')}")
        seen: list[str] = []
        for _ in range(120):
            page.keyboard.press("Tab")
            seen.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
            if len(seen) > 2 and seen[-1] == "BODY":
                break
        assert "canvas" in seen
        assert seen.index("canvas") < len(seen) - 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("how", ["empty", "graph", "table", "path", "groups"])
def test_axe_finds_nothing_serious(
    browser: Any, address: str, path_of: Callable[[str], str], scheme: str, how: str
) -> None:
    haino = path_of("enterprise/hainuokeji")
    start = {"empty": "/explore", "groups": "/explore?of=all"}.get(how, f"/explore?add={haino}")
    with Explorer(browser, address, color_scheme=scheme, bypass_csp=True) as explorer:
        page = explorer.open(start)
        if how == "table":
            page.click("[data-mode=table]")
            page.wait_for_selector("#entities", state="visible")
        if how == "path":
            page.focus("#canvas")
            page.keyboard.press("l")
            page.keyboard.press("ArrowRight")
            page.keyboard.press("Enter")
            page.wait_for_selector("#path-bar")
        page.wait_for_timeout(300)
        assert serious(page) == []


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("how", ["", "table"])
def test_a_phone_never_scrolls_sideways(
    browser: Any, address: str, path_of: Callable[[str], str], language: str, how: str
) -> None:
    with Explorer(browser, address, viewport=PHONE, has_touch=True) as explorer:
        page = explorer.open(f"/explore?add={path_of('enterprise/hainuokeji')}&lang={language}")
        if how:
            page.locator("[data-mode=table]").evaluate("b => b.click()")
            page.wait_for_selector("#entities", state="visible")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert explorer.problems == []


def test_where_there_is_no_clipboard_the_address_is_copied_all_the_same(
    browser: Any, address: str, path_of: Callable[[str], str]
) -> None:
    with Explorer(browser, address) as explorer:
        explorer.page.add_init_script(
            "Object.defineProperty(navigator, 'clipboard', { value: undefined });"
            "document.execCommand = () => { window.copied = document.activeElement.value; return true; };"
        )
        page = explorer.open(f"/explore?add={path_of('enterprise/hainuokeji')}")
        page.click("#share-pop summary")
        page.click("#share-copy")
        explorer.until("window.copied === document.querySelector('#share-address').value")
        explorer.until("document.querySelector('#message').textContent.includes('已复制')")


def test_it_works_without_script(browser: Any, address: str, path_of: Callable[[str], str]) -> None:
    haino = path_of("enterprise/hainuokeji")
    with Explorer(browser, address, java_script_enabled=False) as explorer:
        page = explorer.page
        page.goto(f"{address}/explore")
        page.click("#start a")
        assert page.locator("#entities tbody tr").count() > 1
        rows = page.locator("#entities tbody tr").count()
        page.goto(f"{address}/explore?add={haino}")
        rows = page.locator("#entities tbody tr").count()
        page.click(f'#table button[value="hide {haino}"]')
        assert page.locator("#entities tbody tr").count() == rows - 1
        page.locator("#entities button:not([disabled])[value^='expand ']").first.click()
        assert page.locator("#entities tbody tr").count() > rows - 1
        page.locator("#legend button[value^='class ']").first.click()
        assert "state=" in page.url


def test_what_is_wrong_is_said_and_leads_on(browser: Any, address: str) -> None:
    with Explorer(browser, address) as explorer:
        page = explorer.page
        for wrong in ("/explore?state=xyz", "/explore?saved=0", "/explore?add=enterprise/none-00000000", "/s/none"):
            answer = page.goto(address + wrong)
            assert answer.status in {400, 404}, wrong
            assert page.locator("main a").count() or page.locator("nav a").count()


@pytest.fixture(scope="module")
def hostile_address(serve: Callable[[EmbeddedStore], str]) -> Iterator[str]:
    triples = [
        "@prefix kg: <https://w3id.org/zone-kg/ontology#> .",
        "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .",
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .",
        "@base <https://w3id.org/zone-kg/> .",
    ]
    for n, label in enumerate(LABELS):
        triples.append(f"<id/enterprise/e-{n}> a kg:Enterprise ; skos:prefLabel {json.dumps(label)}@zh .")
        if n:
            triples.append(
                f"<id/claim/k-{n}> a kg:Claim ; rdf:subject <id/enterprise/e-{n}> ; rdf:predicate kg:suppliesTo ;"
                f" rdf:object <id/enterprise/e-0> ; kg:modality <scheme/modality/planned> ;"
                f" kg:certainty <scheme/certainty/stated> ; kg:reason {json.dumps(label)}@zh ."
            )
    with EmbeddedStore.open(None) as opened:
        opened.load_graph(None, "\n".join(triples).encode(), "text/turtle", replace=True)
        yield serve(opened)


def test_hostile_labels_are_text_everywhere(browser: Any, hostile_address: str, tmp_path: Path) -> None:
    with Explorer(browser, hostile_address) as explorer:
        page = explorer.open("/explore?add=enterprise/e-0")
        explorer.count(lambda n: n == len(LABELS))
        explorer.fit()
        for path in explorer.places():
            explorer.click(path)
            page.wait_for_timeout(120)
            explorer.click(path, button="right")
            page.wait_for_selector("#menu:not([hidden])")
            page.keyboard.press("Escape")
        page.focus("#canvas")
        page.keyboard.press("t")
        page.wait_for_selector("#entities", state="visible")
        assert LABELS[0] in page.inner_text("#entities")
        page.keyboard.press("t")
        page.wait_for_selector("#entities", state="hidden")
        files = []
        for form in ("html", "svg"):
            page.click("#export-pop summary")
            with page.expect_download() as download:
                page.click(f'#export button[value="{form}"]')
            download.value.save_as(tmp_path / f"x.{form}")
            files.append(tmp_path / f"x.{form}")
            page.keyboard.press("Escape")
        assert page.title() != "hit"
        assert explorer.problems == []
    with Explorer(browser, hostile_address) as cut:
        cut.context.set_offline(True)
        for file in files:
            cut.page.goto(file.as_uri())
            cut.page.wait_for_timeout(200)
            assert cut.page.title() != "hit"
        assert cut.problems == []

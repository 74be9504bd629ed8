"""Zones in a browser: charts in ink, dark and on paper; filters, comparison, copying and the basket by keyboard."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe import serious
from chromium import PHONE, Visit
from hostile import LABELS

from kg.store.embedded import EmbeddedStore

DATONG, SHANGDANG, SHENCHI = "datongjingkaiqu-128d2e33", "shangdangjingkaiqu-7c6d580c", "shenchishifanqu-dbef05ae"
PAGES = {
    "zone": f"/zones/{DATONG}",
    "ladder": f"/zones/{SHANGDANG}",
    "filtered": f"/zones/{SHANGDANG}?modality=planned&as-of=2024-12-31",
    "compare": f"/zones/compare?zones={SHANGDANG}&zones={SHENCHI}",
    "choose": "/zones/compare",
    "basket": "/basket?facts=obs/datong-7b251225,obs/shangdang-b0b0a20e",
    "empty basket": "/basket",
}


@pytest.fixture(scope="module")
def hostile(serve: Callable[[EmbeddedStore], str]) -> Iterator[str]:
    """Two zones whose every name is hostile, with figures that can be drawn and compared."""
    lines = [
        "@prefix kg: <https://w3id.org/zone-kg/ontology#> .",
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .",
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .",
        "@base <https://w3id.org/zone-kg/> .",
    ]
    named = ["id/zone/a-1", "id/zone/b-1", "scheme/indicator/signed-projects", "unit/x", "id/document/d-1"]
    classes = ["kg:DevelopmentZone", "kg:DevelopmentZone", "skos:Concept", "kg:Unit", "kg:NewsArticle"]
    for iri, kind, label in zip(named, classes, LABELS[:5], strict=True):
        lines.append(f"<{iri}> a {kind} ; skos:prefLabel {json.dumps(label, ensure_ascii=False)}@zh .")
    lines.append(f"<unit/x> kg:symbol {json.dumps(LABELS[0])}@zh .")
    for n, (zone, year, modality) in enumerate(
        [
            ("a", 2023, "actual"),
            ("a", 2024, "actual"),
            ("a", 2025, "expected"),
            ("a", 2026, "target"),
            ("b", 2024, "actual"),
        ]
    ):
        lines.append(
            f"<id/obs/o-{n}> a kg:IndicatorObservation ; kg:about <id/zone/{zone}-1> ; kg:value {10 + n} ;"
            " kg:indicator <scheme/indicator/signed-projects> ; kg:unit <unit/x> ;"
            f" kg:modality <scheme/modality/{modality}> ; kg:certainty <scheme/certainty/stated> ;"
            f' kg:refersTo "{year}-12-31"^^xsd:date ; kg:wording {json.dumps(LABELS[1])}@zh ;'
            f" kg:evidence <id/ev/e-{n}> ."
            f"<id/ev/e-{n}> a kg:Evidence ; kg:source <id/document/d-1> ; kg:paragraph 1 ;"
            f" kg:charStart {n * 10} ; kg:charEnd {n * 10 + 5} ."
        )
    with EmbeddedStore.open(None) as opened:
        opened.load_graph(None, "\n".join(lines).encode(), "text/turtle", replace=False)
        yield serve(opened)


#: How many points of a canvas are drawn in a colour: nothing is 0.
INKED = """canvas => {
  const d = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let n = 0;
  for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 200 && (d[i] + d[i + 1] + d[i + 2]) / 3 LIMIT) n++;
  return n;
}"""
DARK_INK, LIGHT_INK = INKED.replace("LIMIT", "< 90"), INKED.replace("LIMIT", "> 190")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_quiet_under_its_policy_and_asks_nobody_else(browser: Any, address: str, name: str) -> None:
    with Visit(browser) as visit:
        visit.page.goto(address + PAGES[name], wait_until="networkidle")
        assert visit.problems == []
        assert visit.hosts == {address.removeprefix("http://")}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Any, address: str, name: str, scheme: str) -> None:
    with Visit(browser, color_scheme=scheme, bypass_csp=True) as visit:
        visit.page.goto(address + PAGES[name], wait_until="networkidle")
        for summary in visit.page.locator("details:not([open]) > summary").all()[:6]:
            if summary.is_visible():
                summary.click()
        assert serious(visit.page) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_needs_no_scrolling_sideways(browser: Any, address: str, name: str) -> None:
    with Visit(browser, viewport=PHONE) as visit:
        visit.page.goto(address + PAGES[name], wait_until="networkidle")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert all(plot.is_visible() for plot in visit.page.locator(".plot").all())


def test_a_chart_is_drawn_and_changes_with_the_theme_and_for_paper(browser: Any, address: str) -> None:
    with Visit(browser) as visit:
        visit.page.goto(address + PAGES["zone"], wait_until="networkidle")
        canvas = visit.page.locator(".plot.line canvas")
        assert canvas.evaluate(DARK_INK) > 500
        assert canvas.evaluate(LIGHT_INK) < canvas.evaluate(DARK_INK) * 60
        visit.page.locator("[data-theme-toggle]").click()
        visit.page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
        visit.page.wait_for_timeout(100)
        light = canvas.evaluate(LIGHT_INK)
        assert light > 500
        assert canvas.evaluate(DARK_INK) < light * 60
        visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert canvas.evaluate(INKED.replace("LIMIT", "< 20")) > 300
        visit.page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert canvas.evaluate(LIGHT_INK) > 500


def test_a_chart_fits_its_room_again_when_that_changes(browser: Any, address: str) -> None:
    with Visit(browser) as visit:
        visit.page.goto(address + PAGES["zone"], wait_until="networkidle")
        visit.page.set_viewport_size(PHONE)
        visit.page.wait_for_timeout(300)
        plot = visit.page.locator(".plot.line")
        assert abs(plot.bounding_box()["width"] - plot.locator("canvas").bounding_box()["width"]) < 2


def test_without_script_the_tables_say_it_all(browser: Any, address: str) -> None:
    with Visit(browser, java_script_enabled=False) as visit:
        visit.page.goto(address + PAGES["zone"])
        assert not visit.page.locator(".plot").first.is_visible()
        table = visit.page.locator("table.twin")
        assert table.is_visible()
        assert "135" in table.inner_text()
        visit.page.locator("details.flt summary").click()
        visit.page.locator("#as-of").fill("2023-12-31")
        visit.page.locator("details.flt button").click()
        assert "as-of=2023-12-31" in visit.page.url
        assert "58" not in visit.page.locator("table.twin").inner_text()


def test_an_analyst_filters_to_what_is_planned_by_keyboard(browser: Any, address: str) -> None:
    with Visit(browser) as visit:
        visit.page.goto(address + PAGES["ladder"], wait_until="networkidle")
        visit.page.locator("details.flt summary").focus()
        visit.page.keyboard.press("Enter")
        for code in ("actual", "underway", "expected", "target", "intended"):
            visit.page.locator(f"input[name=modality][value={code}]").focus()
            visit.page.keyboard.press("Space")
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url("**modality=planned**")
        words = set(visit.page.locator(".years .mod:visible, .series .mod:visible").all_inner_texts())
        assert words == {"规划"}
        visit.page.locator("details.flt a").focus()
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url(f"**/zones/{SHANGDANG}")


def test_a_fact_is_copied_with_its_source_by_keyboard_and_announced(browser: Any, address: str) -> None:
    with Visit(browser, permissions=["clipboard-read", "clipboard-write"]) as visit:
        visit.page.goto(address + PAGES["zone"], wait_until="networkidle")
        button = visit.page.locator("table.twin button[data-copy]").first
        button.focus()
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_function("document.querySelector('#said').textContent === '已复制，附出处'")
        copied = visit.page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("大同经开区：高新技术企业数 25家（实际，2020")
        assert "《创新驱动结硕果 赋能发展谱新篇》" in copied
        assert copied.endswith("/id/obs/datong-7b251225")
        assert visit.page.evaluate("document.activeElement.dataset.copy") == copied
        visit.page.wait_for_timeout(1800)
        assert button.inner_text() == "复制"


def test_where_there_is_no_clipboard_copying_still_works_or_says_that_it_does_not(browser: Any, address: str) -> None:
    with Visit(browser) as visit:
        visit.page.add_init_script(
            "Object.defineProperty(navigator, 'clipboard', { value: undefined });"
            "document.execCommand = () => {"
            "  window.copied = document.activeElement.value; return window.works ?? true; };"
        )
        visit.page.goto(address + PAGES["zone"], wait_until="networkidle")
        button = visit.page.locator("table.twin button[data-copy]").first
        button.click()
        assert visit.page.evaluate("window.copied").startswith("大同经开区")
        visit.page.evaluate("window.works = false")
        button.click()
        visit.page.wait_for_function("document.querySelector('#said').textContent.startsWith('复制不了')")
        assert visit.problems == []


def test_a_basket_is_filled_shared_and_emptied(browser: Any, address: str) -> None:
    with Visit(browser) as visit:
        page = visit.page
        page.goto(address + PAGES["zone"], wait_until="networkidle")
        assert not page.locator("a#basket").is_visible()
        buttons = page.locator("table.twin button[data-basket]")
        for n in (0, 5):
            buttons.nth(n).focus()
            page.keyboard.press("Enter")
        assert page.locator("a#basket em").inner_text() == "2"
        assert "共2条" in page.locator("#said").inner_text()
        assert buttons.nth(0).inner_text() == "出篮"
        # The same fact elsewhere on the page says so too.
        assert page.locator("button[data-basket='obs/datong-7b251225']").last.inner_text() == "出篮"
        page.locator("a#basket").click()
        page.wait_for_url("**/basket?facts=**")
        assert page.locator(".cited li").count() == 2
        shared = page.url
        page.goto(address + "/basket", wait_until="networkidle")
        page.wait_for_url("**/basket?facts=**")
        page.locator(".drop a").first.click()
        page.wait_for_function("document.querySelectorAll('.cited li').length === 1")
        assert page.locator("a#basket em").inner_text() == "1"
        page.locator("button[data-basket-empty]").click()
        page.wait_for_url("**/basket")
        assert page.locator(".cited").count() == 0
        assert visit.problems == []
    with Visit(browser, java_script_enabled=False) as fresh:
        fresh.page.goto(shared)
        assert fresh.page.locator(".cited li").count() == 2


def test_a_scaled_figure_shows_its_base_value_on_focus(browser: Any, address: str) -> None:
    with Visit(browser) as visit:
        visit.page.goto(address + PAGES["ladder"], wait_until="networkidle")
        figure = visit.page.locator(".cnt .fig[data-base='9,495,000,000元']")
        figure.focus()
        visit.page.keyboard.press("Shift+Tab")
        visit.page.keyboard.press("Tab")
        shown = figure.evaluate("f => getComputedStyle(f, '::after').content")
        assert shown == '"9,495,000,000元"'


def test_zones_are_chosen_and_compared(browser: Any, address: str) -> None:
    with Visit(browser) as visit:
        visit.page.goto(f"{address}/zones/{SHANGDANG}", wait_until="networkidle")
        visit.page.get_by_role("link", name="与其他开发区比较").click()
        visit.page.locator(f"input[name=zones][value={SHENCHI}]").check()
        visit.page.get_by_role("button", name="比较", exact=True).click()
        visit.page.wait_for_selector("table.cmp")
        assert "口径不同" in visit.page.locator("table.cmp").inner_text()
        assert visit.page.locator("#alone").is_visible()


@pytest.mark.parametrize(
    "path", ["/zones", "/zones/a-1", "/zones/compare?zones=a-1,b-1", "/basket?facts=obs/o-0,obs/o-3"]
)
@pytest.mark.parametrize("viewport", [{"width": 1440, "height": 900}, PHONE])
def test_hostile_names_stay_text(browser: Any, hostile: str, path: str, viewport: dict[str, int]) -> None:
    with Visit(browser, viewport=viewport) as visit:
        visit.page.goto(hostile + path, wait_until="networkidle")
        visit.page.wait_for_timeout(200)
        for plot in visit.page.locator(".plot").all():
            box = plot.bounding_box()
            visit.page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 14)
        assert "hit" not in visit.page.title().replace("document.title='hit'", "")
        assert visit.page.locator("img").count() == 0
        assert visit.problems == []
        assert visit.hosts == {hostile.removeprefix("http://")}
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        if "zones/" in path:
            assert visit.page.locator(".plot canvas").count() > 0


def test_the_page_works_with_the_network_cut_after_it_came(browser: Any, address: str) -> None:
    with Visit(browser) as visit:
        visit.page.goto(address + PAGES["zone"], wait_until="networkidle")
        visit.context.set_offline(True)
        visit.page.locator("[data-theme-toggle]").click()
        visit.page.locator("table.twin button[data-basket]").first.click()
        assert visit.page.locator("a#basket em").inner_text() == "1"
        assert visit.problems == []

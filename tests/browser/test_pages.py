"""The pages in a browser: quiet, never off the machine, nothing that axe calls serious, keys, themes, widths."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from axe import serious
from chromium import PHONE, Visit

from kg.store.embedded import EmbeddedStore


@pytest.fixture(scope="module")
def paths(store: EmbeddedStore) -> dict[str, str]:
    def first(kind: str, start: str) -> str:
        below = f"https://w3id.org/zone-kg/id/{kind}/{start}"
        rows = store.select(f'SELECT ?s {{ ?s a ?c FILTER(STRSTARTS(STR(?s), "{below}")) }} ORDER BY ?s LIMIT 1')
        return str(rows[0]["s"]).strip("<>").rpartition("/")[2]

    return {
        "home": "/",
        "search": "/search?q=科技",
        "zones": "/zones",
        "zone": f"/zones/{first('zone', 'datong')}",
        "chains": "/chains",
        "chain": f"/chains/{first('chain', 'kongxin')}",
        "documents": "/documents",
        "document": f"/documents/{first('document', 'gaoping')}",
        "entity": f"/entity/enterprise/{first('enterprise', 'hainuo')}",
        "evidence": f"/entity/ev/{first('ev', 'gaoping')}",
        "ontology": "/ontology",
        "console": "/console?query=SELECT%20*%20%7B?s%20a%20?o%7D%20LIMIT%205",
        "error": "/zones/none",
    }


NAMES = (
    *("home", "search", "zones", "zone", "chains", "chain", "documents", "document", "entity", "evidence"),
    *("ontology", "console", "error"),
)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_quietly_and_stays_on_the_machine(
    browser: Any, address: str, paths: dict[str, str], name: str
) -> None:
    with Visit(browser) as visit:
        visit.page.goto(address + paths[name], wait_until="networkidle")
        expected = {"error": ["Failed to load resource: the server responded with a status of 404 (NOT FOUND)"]}
        assert visit.problems == expected.get(name, [])
        assert visit.hosts == {urlsplit(address).netloc}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Any, address: str, paths: dict[str, str], name: str, scheme: str) -> None:
    with Visit(browser, color_scheme=scheme, bypass_csp=True) as visit:
        visit.page.goto(f"{address}{paths[name]}", wait_until="networkidle")
        assert serious(visit.page) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_phone_never_scrolls_sideways(
    browser: Any, address: str, paths: dict[str, str], name: str, language: str
) -> None:
    with Visit(browser, viewport=PHONE) as visit:
        path = paths[name]
        visit.page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang={language}", wait_until="networkidle")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("width", [641, 768, 901, 1024])
def test_the_top_bar_fits_a_tablet(browser: Any, address: str, paths: dict[str, str], width: int) -> None:
    with Visit(browser, viewport={"width": width, "height": 800}) as visit:
        visit.page.goto(f"{address}{paths['zone']}?lang=en", wait_until="networkidle")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_slash_goes_to_the_search_box_and_the_question_mark_lists_the_keys(browser: Any, address: str) -> None:
    with Visit(browser) as visit:
        page = visit.page
        page.goto(address, wait_until="networkidle")
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "q"
        page.keyboard.type("海诺/?")
        assert page.input_value("#q") == "海诺/?"
        page.fill("#q", "海诺")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?*")
        assert page.locator("mark").first.inner_text() == "海诺"
        page.locator("h1").click()
        page.keyboard.press("?")
        assert page.locator("dialog#keys").is_visible()
        page.keyboard.press("Escape")
        assert not page.locator("dialog#keys").is_visible()


def test_typing_shows_what_it_finds_and_the_arrows_choose(browser: Any, address: str) -> None:
    with Visit(browser) as visit:
        page = visit.page
        page.goto(address, wait_until="networkidle")
        page.click("#q")
        page.keyboard.type("海诺")
        page.wait_for_selector("#q[aria-expanded=true]")
        assert page.locator(".hits mark").first.inner_text() == "海诺"
        page.keyboard.press("ArrowDown")
        chosen = page.get_attribute("#q", "aria-activedescendant")
        assert page.get_attribute(f"#{chosen}", "aria-selected") == "true"
        page.keyboard.press("Escape")
        assert page.locator(".hits").first.is_hidden()
        page.keyboard.type("科")
        page.wait_for_selector("#q[aria-expanded=true]")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/entity/enterprise/**")
        assert visit.problems == []


def test_the_first_stop_of_the_tab_key_skips_to_the_content(browser: Any, address: str) -> None:
    with Visit(browser) as visit:
        visit.page.goto(address, wait_until="networkidle")
        visit.page.keyboard.press("Tab")
        assert visit.page.evaluate("document.activeElement.className") == "skip"
        visit.page.keyboard.press("Enter")
        assert visit.page.evaluate("document.activeElement.id") == "main"


def test_a_choice_of_theme_holds_from_the_first_picture_on(browser: Any, address: str) -> None:
    dark = "rgb(18, 22, 26)"
    background = "getComputedStyle(document.body).backgroundColor"
    with Visit(browser, color_scheme="light") as visit:
        page = visit.page
        page.goto(address, wait_until="networkidle")
        assert page.evaluate(background) != dark
        page.click("[data-theme-toggle]")
        assert page.evaluate(background) == dark
        # Before the deferred script has run the theme must be set already: no flash.
        page.route("**/app-*.js", lambda route: route.abort())
        page.goto(f"{address}/zones", wait_until="domcontentloaded")
        assert page.evaluate(background) == dark
    with Visit(browser, color_scheme="dark") as visit:
        visit.page.goto(address, wait_until="networkidle")
        assert visit.page.evaluate(background) == dark


def test_a_mark_opens_its_passage_beside_the_facts(browser: Any, address: str, paths: dict[str, str]) -> None:
    with Visit(browser) as visit:
        page = visit.page
        page.goto(address + paths["entity"], wait_until="networkidle")
        mark = page.locator("a.ev[data-passage]:not(.on)").last
        slug = (mark.get_attribute("data-passage") or "").partition("?")[0].rpartition("/")[2]
        mark = page.locator(f'a.ev[data-passage^="/entity/ev/{slug}"]').first
        mark.click()
        page.wait_for_selector(f'#passage-body a[href*="#ev-{slug}"]')
        assert "on" in (mark.get_attribute("class") or "").split()
        assert page.locator(".ev.on").count() == 1
        # A second click follows the link.
        mark.click()
        page.wait_for_url(f"**/documents/*#ev-{slug}")


def test_everything_works_without_script(browser: Any, address: str, paths: dict[str, str]) -> None:
    with Visit(browser, java_script_enabled=False) as visit:
        page = visit.page
        page.goto(address, wait_until="networkidle")
        page.fill("#q", "海诺")
        page.click("form.big button")
        assert page.locator("mark").first.inner_text() == "海诺"
        page.goto(address + paths["entity"])
        assert page.locator("[data-theme-toggle]").is_hidden()
        page.locator("a.ev").last.click()
        assert "/documents/" in page.url
        page.goto(f"{address}/console")
        page.click("form#console button")
        assert page.locator("table.t tbody tr").count() > 0


def test_an_error_of_a_query_is_where_the_caret_goes(browser: Any, address: str) -> None:
    with Visit(browser) as visit:
        page = visit.page
        page.goto(f"{address}/console", wait_until="networkidle")
        page.fill("#query", "SELECT * WHERE {\n  ?s ?p\n}")
        page.focus("#query")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("#problem")
        at = page.evaluate("document.querySelector('#query').selectionStart")
        assert at > len("SELECT * WHERE {\n")

"""Pictures of the pages, in both languages, light and dark, and at a phone's width.

Run ``python screenshots.py URL FOLDER``.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from urllib.request import Request, urlopen

from chromium import PHONE, launch

DESKTOP: Final = {"width": 1440, "height": 900}
#: Where a script still draws when the network is quiet, and how one knows that it has ended.
DRAWN: Final = {"explore": "#canvas[data-drawn=true]"}


def take(address: str, pages: Sequence[tuple[str, str]], folder: Path, token: str | None = None) -> list[Path]:
    """Write a picture of each page, at each of the four looks.

    Parameters
    ----------
    address
        The service, such as ``http://127.0.0.1:8000``.
    pages
        Name of the picture and path of the page.
    folder
        Where the pictures go; made where it is missing.
    token
        An administrator's token: with one, the administrator's page is taken too.
    """
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    looks: list[tuple[str, dict[str, int], str, str]] = [
        ("", DESKTOP, "light", "zh"),
        ("-en", DESKTOP, "light", "en"),
        ("-dark", DESKTOP, "dark", "zh"),
        ("-phone", PHONE, "light", "zh"),
    ]
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for suffix, size, scheme, language in looks:
            context = browser.new_context(viewport=size, color_scheme=scheme, locale=language)
            page = context.new_page()
            if token is not None:
                page.goto(f"{address}/login?next=%2Fadmin")
                page.locator("#token").fill(token)
                page.locator("form.panel button").click()
            for name, path in [*pages, *([("admin", "/admin")] if token is not None else [])]:
                visit(page, address, name, path, language)
                written.append(folder / f"{name}{suffix}.png")
                page.screenshot(path=str(written[-1]), full_page=True)
            context.close()
        browser.close()
    return written


def visit(page: Any, address: str, name: str, path: str, language: str) -> None:
    """Open a page in a language, and wait until it stands still."""
    page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang={language}", wait_until="networkidle")
    if name in DRAWN:
        page.wait_for_selector(DRAWN[name])


def pages_of(address: str) -> list[tuple[str, str]]:
    """Return every kind of page, with the first zones, chain, document and facts that the lists lead to."""

    def named(path: str, before: str) -> list[str]:
        request = Request(address + path, headers={"Accept": "text/html"})
        with urlopen(request, timeout=30) as answer:
            found = re.findall(rf'"{before}([a-z0-9-]+)["?#]', answer.read().decode("utf-8"))
        return [name for name in dict.fromkeys(found) if name != "compare"]

    zones = named("/zones", "/zones/")
    chain = named("/chains", "/chains/")[0]
    document = named("/documents", "/documents/")[0]
    firm = named(f"/search?q={quote('海诺科技')}", "/entity/enterprise/")[0]
    facts = named(f"/entity/enterprise/{firm}", "claim/")
    shared = "&".join(f"zones={slug}" for slug in zones[:3])
    return [
        ("home", "/"),
        ("search", f"/search?q={quote('科技')}"),
        ("search-pinyin", "/search?q=hnkj"),
        *((name, f"/{name}") for name in ("zones", "chains", "documents", "ontology", "console", "conformance")),
        ("zone", f"/zones/{zones[0]}"),
        ("zones-compare", f"/zones/compare?{shared}"),
        ("chain", f"/chains/{chain}"),
        ("chain-compare", f"/chains/compare?chain={chain}&left={zones[0]}&right={zones[1]}"),
        ("document", f"/documents/{document}"),
        ("entity", f"/entity/enterprise/{firm}"),
        ("fact", f"/entity/claim/{facts[0]}"),
        ("explore", f"/explore?add=enterprise/{firm}"),
        ("explore-empty", "/explore"),
        ("analysis", "/analysis"),
        ("analysis-checks", "/analysis?view=checks"),
        ("basket", f"/basket?facts={','.join(f'claim/{fact}' for fact in facts[:4])}"),
        ("basket-empty", "/basket"),
        ("login", "/login"),
        ("error", "/zones/none"),
    ]


if __name__ == "__main__":
    address, folder = sys.argv[1], Path(sys.argv[2])
    chosen = [(name, path) for name, _, path in (pair.partition("=") for pair in sys.argv[3:])]
    take(address, chosen or pages_of(address), folder)

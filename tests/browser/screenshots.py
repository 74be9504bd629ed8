"""Pictures of the pages, in both languages, light and dark, and at a phone's width.

Run ``python screenshots.py URL FOLDER``.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote
from urllib.request import Request, urlopen

from chromium import PHONE, launch

DESKTOP: Final = {"width": 1440, "height": 900}


def take(address: str, pages: Sequence[tuple[str, str]], folder: Path) -> list[Path]:
    """Write a picture of each page, at each of the four looks.

    Parameters
    ----------
    address
        The service, such as ``http://127.0.0.1:8000``.
    pages
        Name of the picture and path of the page.
    folder
        Where the pictures go; made where it is missing.
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
            for name, path in pages:
                page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang={language}", wait_until="networkidle")
                written.append(folder / f"{name}{suffix}.png")
                page.screenshot(path=str(written[-1]), full_page=True)
            context.close()
        browser.close()
    return written


def pages_of(address: str) -> list[tuple[str, str]]:
    """Return every kind of page: the lists, and the first zone, chain, document and enterprise that they lead to."""
    found = [(name, f"/{name}") for name in ("zones", "chains", "documents", "ontology", "console")]
    found += [("home", "/"), ("search", f"/search?q={quote('科技')}")]
    for name, path, below in (
        ("zone", "/zones", "/zones/"),
        ("chain", "/chains", "/chains/"),
        ("document", "/documents", "/documents/"),
        ("entity", f"/search?q={quote('海诺科技')}", "/entity/enterprise/"),
    ):
        request = Request(address + path, headers={"Accept": "text/html"})
        with urlopen(request, timeout=30) as answer:
            links = re.findall(rf'href="({below}[a-z0-9-]+)"', answer.read().decode("utf-8"))
        found += [(name, link) for link in links[:1]]
    return found


if __name__ == "__main__":
    address, folder = sys.argv[1], Path(sys.argv[2])
    chosen = [(name, path) for name, _, path in (pair.partition("=") for pair in sys.argv[3:])]
    take(address, chosen or pages_of(address), folder)

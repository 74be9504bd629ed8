"""Take the pictures of the pages anew: all of them into var/pictures, the README's into docs/home.png.

Starts a service of its own over the shipped graph, on a free port, and ends it.

    make screenshots
"""

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests/browser"), str(ROOT / "tests")]

# Found by the line above.
import screenshots  # noqa: E402
from chromium import launch  # noqa: E402

from service import running  # noqa: E402

SIZE = {"width": 1280, "height": 800}


def main() -> None:
    """Take them."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "data"
        settings = {**os.environ, "KG_DATA_DIR": str(folder), "KG_LOG_LEVEL": "warning"}
        with running(folder, settings, patience_s=120) as presence:
            address = presence["address"]
            with sync_playwright() as playwright:
                browser = launch(playwright)
                page = browser.new_context(viewport=SIZE, locale="zh").new_page()
                page.goto(f"{address}/?lang=zh", wait_until="networkidle")
                page.screenshot(path=ROOT / "docs/home.png")
                browser.close()
            screenshots.take(address, screenshots.pages_of(address), ROOT / "var/pictures")


if __name__ == "__main__":
    main()

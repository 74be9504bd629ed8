"""Take the pictures of the pages anew: all of them into var/pictures, the README's into docs.

Serves the shipped graph in this process, on a free port. The service has no documents' texts, whatever the settings
around it say: the pictures show positions, never an article's words.

    make screenshots
"""

import logging
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests/browser")]

# Found by the line above.
import screenshots  # noqa: E402
from chromium import launch, serving  # noqa: E402

from kg.config import Settings  # noqa: E402
from kg.services import ingest  # noqa: E402
from kg.services.base import BaseFiles  # noqa: E402
from kg.store.embedded import EmbeddedStore  # noqa: E402
from kg.web.app import create_app  # noqa: E402

#: The pages whose pictures stand in the README, and how much of each.
SHOWN: Final = {
    "home": {"width": 1280, "height": 760},
    "chain": {"width": 1280, "height": 760},
    "explore": {"width": 1180, "height": 660},
}
BYTES_MAX: Final = 200 * 1024


def main() -> None:
    """Take them."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    token = secrets.token_urlsafe()
    with tempfile.TemporaryDirectory() as place, EmbeddedStore.open(None) as store:
        settings = Settings(data_dir=Path(place), admin_token=token)
        ingest.load(store, settings.data_dir, files=BaseFiles.shipped(), validate=False)
        with serving(create_app(settings, store)) as address:
            pages = screenshots.pages_of(address)
            with sync_playwright() as playwright:
                browser = launch(playwright)
                page = browser.new_context(color_scheme="light", locale="zh-CN").new_page()
                for name, path in pages:
                    if name in SHOWN:
                        page.set_viewport_size(SHOWN[name])
                        screenshots.visit(page, address, name, path, "zh")
                        page.screenshot(path=ROOT / f"docs/{name}.png")
                browser.close()
            screenshots.take(address, pages, ROOT / "var/pictures", token)
    large = [name for name in SHOWN if (ROOT / f"docs/{name}.png").stat().st_size > BYTES_MAX]
    if large:
        raise SystemExit(f"larger than {BYTES_MAX} bytes, take a smaller view: {', '.join(large)}")


if __name__ == "__main__":
    main()

"""Take the pictures of the pages anew: all of them into var/pictures, the README's into docs/home.png.

Starts a service of its own over the shipped graph, on a free port, and ends it.

    make screenshots
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/browser"))

import screenshots  # noqa: E402 - found by the line above

SIZE = {"width": 1280, "height": 800}
PATIENCE_S = 120


@contextmanager
def service() -> Iterator[str]:
    """Yield the address of a service over the shipped graph."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "KG_DATA_DIR": folder, "KG_LOG_LEVEL": "warning"}
        process = subprocess.Popen([sys.executable, "-m", "kg.cli", "serve", "--port", "0"], env=environment)
        announced = Path(folder, "serve.json")
        try:
            until = time.monotonic() + PATIENCE_S
            while not announced.exists():
                if process.poll() is not None or time.monotonic() > until:
                    sys.exit("The service didn't start.")
                time.sleep(0.1)
            yield json.loads(announced.read_text(encoding="utf-8"))["address"]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def main() -> None:
    """Take them."""
    with service() as address:
        with sync_playwright() as playwright:
            browser = screenshots.launch(playwright)
            page = browser.new_context(viewport=SIZE, locale="zh").new_page()
            page.goto(f"{address}/?lang=zh", wait_until="networkidle")
            page.screenshot(path=ROOT / "docs/home.png")
            browser.close()
        subprocess.run(
            [sys.executable, ROOT / "tests/browser/screenshots.py", address, ROOT / "var/pictures"], check=True
        )


if __name__ == "__main__":
    main()

"""The browser of the machine, with nothing that would ask the network for anything."""

from pathlib import Path
from typing import Any, Final

CHROMIUM: Final = Path("/usr/bin/chromium")
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE: Final = {"width": 375, "height": 812}


def launch(playwright: Any) -> Any:
    """Start it."""
    return playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))

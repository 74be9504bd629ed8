"""What axe-core finds on a page."""

from pathlib import Path
from typing import Any, Final

import pytest

AXE: Final = Path(__file__).parent.parent.parent / "web" / "node_modules" / "axe-core" / "axe.min.js"


def serious(page: Any) -> list[tuple[str, str, int]]:
    """Return the rules that a page breaks seriously, with the first piece of markup and how many there are.

    The page's context must be one that bypasses the page's policy, for the policy lets no foreign script in.
    """
    if not AXE.exists():
        pytest.skip("axe-core isn't installed: make assets")
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    return [
        (v["id"], v["nodes"][0]["html"][:160], len(v["nodes"]))
        for v in found["violations"]
        if v["impact"] in {"serious", "critical"}
    ]

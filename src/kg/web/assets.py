"""The built style and scripts: their names carry a hash of their content, so a browser keeps them for ever."""

import json
import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from kg import paths
from kg.errors import MissingAsset

logger = logging.getLogger(__name__)

MEDIA_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@cache
def folder() -> Path | None:
    """Return the folder of the built assets, or None where nobody has built them: pages are then plain."""
    try:
        found = paths.asset("web/dist")
    except MissingAsset:
        found = None
    if found is None or not (found / "manifest.json").is_file():
        logger.warning("web/dist isn't built; pages come without style. `make assets` builds it.")
        return None
    return found


@cache
def manifest() -> Mapping[str, str]:
    """Return the built name of each source."""
    found = folder()
    if found is None:
        return {}
    loaded: dict[str, str] = json.loads((found / "manifest.json").read_text(encoding="utf-8"))
    return loaded


def address(name: str) -> str | None:
    """Return the address of an asset by the name of its source, or None where it isn't built."""
    built = manifest().get(name)
    return f"/assets/{built}" if built else None


def read(built: str) -> tuple[bytes, str] | None:
    """Return the bytes and the media type of a built asset; None for any name that isn't in the manifest."""
    found = folder()
    if found is None or built not in manifest().values():
        return None
    return (found / built).read_bytes(), MEDIA_TYPES.get(Path(built).suffix, "application/octet-stream")

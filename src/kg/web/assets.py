"""The built style and scripts: their names carry a hash of their content, so a browser keeps them for ever."""

import hashlib
import json
import logging
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from kg import paths
from kg.errors import MissingAsset

logger = logging.getLogger(__name__)

#: Libraries served from the files of an installed package, without a copy here: package and path below its folder.
_LIBRARIES: Final = {"vis-network.js": ("pyvis", "templates/lib/vis-9.1.2/vis-network.min.js")}

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


@cache
def libraries() -> Mapping[str, tuple[str, Path]]:
    """Return the served name and the file of each library of an installed package."""
    found = {}
    for name, (package, path) in _LIBRARIES.items():
        spec = find_spec(package)
        for folder in (spec and spec.submodule_search_locations) or ():
            file = Path(folder) / path
            if file.is_file():
                stem, _, suffix = name.rpartition(".")
                mark = hashlib.sha256(file.read_bytes()).hexdigest()[:8].upper()
                found[name] = (f"{stem}-{mark}.{suffix}", file)
    return found


def address(name: str) -> str | None:
    """Return the address of an asset by the name of its source, or None where it isn't built."""
    built = manifest().get(name) or (libraries()[name][0] if name in libraries() else None)
    return f"/assets/{built}" if built else None


def text(name: str) -> str:
    """Return the text of an asset by the name of its source, for a file that carries it inside.

    Raises
    ------
    MissingAsset
        If it isn't built.
    """
    if name in libraries():
        return libraries()[name][1].read_text(encoding="utf-8")
    found = folder()
    if found is None or name not in manifest():
        raise MissingAsset(f"web/dist/{name}", ["`make assets` builds it"])
    return (found / manifest()[name]).read_text(encoding="utf-8")


def read(built: str) -> tuple[bytes, str] | None:
    """Return the bytes and the media type of a served asset; None for any name that no page names."""
    media_type = MEDIA_TYPES.get(Path(built).suffix, "application/octet-stream")
    for name, path in libraries().values():
        if built == name:
            return path.read_bytes(), media_type
    found = folder()
    if found is None or built not in manifest().values():
        return None
    return (found / built).read_bytes(), media_type

"""Where the files that ship with the package lie: in the wheel under ``kg/_assets``, else in the checkout."""

from functools import cache
from pathlib import Path

from kg.errors import MissingAsset

_PACKAGE = Path(__file__).resolve().parent
_ROOTS = (_PACKAGE / "_assets", _PACKAGE.parent.parent)


@cache
def asset(name: str) -> Path:
    """Return the path of a shipped file or folder such as ``ontology`` or ``web/templates``.

    Raises
    ------
    MissingAsset
        If neither the wheel's assets nor the checkout has it.
    """
    for root in _ROOTS:
        path = root / name
        if path.exists():
            return path
    raise MissingAsset(name, [str(root) for root in _ROOTS])


@cache
def query(name: str) -> str:
    """Return the text of a stored operation, such as ``explore/facts.rq`` or ``ingest/derive.ru``."""
    path = _PACKAGE / "queries" / name
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MissingAsset(f"queries/{name}", [str(path.parent)]) from None

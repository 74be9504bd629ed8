"""Tables on a terminal: Chinese characters take two columns, and nothing from the data can steer the terminal."""

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kg.model.vocabulary import BASE, PREFIXES

if TYPE_CHECKING:
    from kg.store.protocol import Term


def width(text: str) -> int:
    """Return the columns that a text takes.

    >>> width("氢能 A")
    6
    """
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in {"W", "F"} else 1 for c in text
    )


def printable(text: str) -> str:
    r"""Return a text with its control and format characters spelt out.

    >>> printable("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shorten(iri: str) -> str:
    """Return an IRI as a prefixed name, or without the project's base, where that says the same.

    >>> shorten("https://w3id.org/zone-kg/ontology#produces")
    'kg:produces'
    >>> shorten("https://w3id.org/zone-kg/id/zone/x-1")
    'id/zone/x-1'
    """
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace) and "/" not in iri[len(namespace) :]:
            return f"{prefix}:{iri[len(namespace) :]}"
    return iri.removeprefix(BASE)


def spell(term: "Term | None") -> str:
    """Return a term for a cell: a short IRI, a literal's text, nothing for an unbound variable."""
    from pyoxigraph import Literal, NamedNode

    match term:
        case None:
            return ""
        case NamedNode():
            return shorten(term.value)
        case Literal():
            return term.value
        case _:
            return str(term)


def render(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()) -> str:
    """Return a table; the columns in `right` are set flush right.

    >>> print(render(["名称", "n"], [["氢能", "3"]], right=frozenset({1})))
    名称  n
    ────  ─
    氢能  3
    """
    cells = [[printable(cell) for cell in row] for row in [header, *rows]]
    widths = [max(width(row[column]) for row in cells) for column in range(len(header))]
    lines = [_line(row, widths, right) for row in cells]
    return "\n".join([lines[0], "  ".join("─" * w for w in widths), *lines[1:]])


def _line(row: Sequence[str], widths: Sequence[int], right: frozenset[int]) -> str:
    parts = []
    for column, (cell, columns) in enumerate(zip(row, widths, strict=True)):
        space = " " * (columns - width(cell))
        parts.append(space + cell if column in right else cell + space)
    return "  ".join(parts).rstrip()

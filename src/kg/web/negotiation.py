"""Content negotiation by Accept (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

HTML = "text/html"


@dataclass(frozen=True, slots=True)
class Range:
    """One media range of an Accept header."""

    type: str
    subtype: str
    quality: float

    @property
    def precision(self) -> int:
        """0 for ``*/*``, 1 for ``type/*``, 2 for a media type."""
        return (self.type != "*") + (self.subtype != "*")

    def covers(self, media_type: str) -> bool:
        """Whether the media type lies in this range."""
        kind, _, subtype = media_type.partition("/")
        return self.type in {"*", kind} and self.subtype in {"*", subtype}


def parse_accept(header: str) -> list[Range]:
    """Return the media ranges of an Accept header; what isn't one is passed over.

    Parameters other than ``q`` are passed over too: nothing here is offered in two versions of one media type.
    """
    ranges = []
    for item in header.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        # Old Java clients send a lone star for anything.
        kind, slash, subtype = ("*", "/", "*") if name == "*" else name.partition("/")
        if not slash or not kind or not subtype or (kind == "*" and subtype != "*"):
            continue
        quality = next((_quality(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        ranges.append(Range(kind, subtype, quality))
    return ranges


def _quality(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    # `nan` compares false with everything, and is refused with the rest.
    return value if 0.0 <= value <= 1.0 else 0.0


def quality(ranges: Sequence[Range], media_type: str) -> float:
    """Return the quality that the most precise matching range gives a media type; 0 where none matches."""
    matching = [r for r in ranges if r.covers(media_type)]
    return max(matching, key=lambda r: (r.precision, r.quality)).quality if matching else 0.0


def ranked(header: str | None, offered: Sequence[str]) -> list[str]:
    """Return the offered media types that the client accepts, the one it likes most first.

    Parameters
    ----------
    header
        The Accept header; None or blank accepts everything.
    offered
        Media types in the server's order, which decides among equals.

    Examples
    --------
    >>> ranked("text/csv;q=0.5, application/*", ["application/json", "text/csv", "text/plain"])
    ['application/json', 'text/csv']
    >>> ranked("text/html;q=0, */*", ["text/html", "text/turtle"])
    ['text/turtle']
    """
    if header is None or not header.strip():
        return list(offered)
    return list(_ranked(header, tuple(offered)))


# Clients send the same few headers; granian bounds their length, and this their number.
@lru_cache(maxsize=128)
def _ranked(header: str, offered: tuple[str, ...]) -> tuple[str, ...]:
    ranges = parse_accept(header)
    liked = [(quality(ranges, media_type), media_type) for media_type in offered]
    return tuple(media_type for q, media_type in sorted(liked, key=lambda pair: -pair[0]) if q > 0)


def prefers_html(header: str | None, others: Sequence[str]) -> bool:
    """Whether a client is a browser: it names ``text/html`` and likes it at least as well as the others.

    A wildcard isn't enough: a script that sends ``*/*`` is better served with data.
    """
    if header is None:
        return False
    ranges = parse_accept(header)
    if not any((r.type, r.subtype) == ("text", "html") for r in ranges):
        return False
    html = quality(ranges, HTML)
    return html > 0 and all(html >= quality(ranges, other) for other in others)

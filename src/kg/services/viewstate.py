"""The state of the explorer: everything that a picture depends on, as one small JSON value of canonical form.

Notes
-----
A state names each entity that it shows, with its place. It doesn't replay the clicks that led there: what was expanded
may have other neighbours when the graph has grown, and the picture that a reader shared would be another.

The canonical form leaves out what has its default, sorts keys and sets, and keeps the order of the boxes: one state has
one text, and so one hash and one address.
"""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, Literal, cast

from kg.errors import InvalidState
from kg.model.vocabulary import ENTITY_SEGMENTS, ID
from kg.services.projection import Filters
from kg.services.selection import CERTAINTIES, MODALITIES, Selection

#: Bytes of a state's canonical form.
STATE_MAX_BYTES: Final = 64 * 1024
#: Boxes of a state, those that were put aside among them.
BOXES_MAX: Final = 1000
NAME_MAX_CHARACTERS: Final = 80
#: Farthest that a box may stand from the middle, in pixels.
FARTHEST: Final = 100_000
#: Steps of a path that may be asked for.
PATH_HOPS_MAX: Final = 8

#: What groups may be made of, and by what.
GROUPINGS: Final = ("zone", "class", "chain", "community")
#: What the colour and the size of a box may say.
COLOURS: Final = ("class", "community")
SIZES: Final = ("none", "degree", "betweenness")

_PATH: Final = re.compile(r"([a-z-]+)/[A-Za-z0-9][A-Za-z0-9._~-]{0,199}", re.ASCII)
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,79}", re.ASCII)
_SEGMENTS: Final = frozenset(ENTITY_SEGMENTS.values())
_PINNED, _ROOT, _ASIDE = 1, 2, 4


@dataclass(frozen=True, slots=True)
class Box:
    """An entity with the middle of its box, in pixels; x to the right, y downwards.

    Attributes
    ----------
    path
        The entity's IRI below ``id/``.
    pinned
        The reader put it there.
    root
        The reader asked for it by name, so filters of facts don't take it away.
    aside
        The reader took it out of the picture; it keeps its place.
    """

    path: str
    x: int
    y: int
    pinned: bool = False
    root: bool = False
    aside: bool = False

    @property
    def iri(self) -> str:
        """The entity's IRI."""
        return f"{ID}{self.path}"


@dataclass(frozen=True, slots=True)
class Groups:
    """Entities that are drawn as groups until they are opened: those `of` a zone, a chain or everything (``all``).

    `x` and `y` are the middle of the largest group, in pixels.
    """

    of: str
    by: str
    x: int = 0
    y: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """The path that is looked for: its ends, its kinds of link (None for all), its length, and which one is shown.

    `hubs` says whether it may lead through entities with many links.
    """

    source: str
    target: str
    kinds: frozenset[str] | None = None
    hops: int = 4
    chosen: int = 0
    hubs: bool = True


@dataclass(frozen=True, slots=True)
class ViewState:
    """A state of the explorer.

    Attributes
    ----------
    boxes
        In the order in which they came.
    off
        Classes of entities that are left out.
    modalities, certainties, as_of
        As in `kg.services.selection.Selection`; None for all.
    kinds
        As in `kg.services.projection.Filters`.
    """

    boxes: tuple[Box, ...] = ()
    off: frozenset[str] = frozenset()
    modalities: frozenset[str] | None = None
    certainties: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    as_of: date | None = None
    groups: Groups | None = None
    mode: Literal["graph", "table"] = "graph"
    colour: str = "class"
    size: str = "none"
    selected: tuple[str, ...] = ()
    route: Route | None = None
    name: str = ""
    by_path: Mapping[str, Box] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_path", {box.path: box for box in self.boxes})

    @property
    def selection(self) -> Selection:
        """Which facts count."""
        return Selection(self.as_of, self.modalities or frozenset(), self.certainties or frozenset())

    @property
    def filters(self) -> Filters:
        """Which links count, whatever they link: classes are filtered by box, and not by link."""
        return Filters(self.selection, self.kinds)

    @property
    def filters_facts(self) -> bool:
        """Whether some fact may be left out."""
        return any(f is not None for f in (self.modalities, self.certainties, self.kinds, self.as_of))

    def with_boxes(self, boxes: Iterable[Box]) -> "ViewState":
        """Return the state with other boxes."""
        return replace(self, boxes=tuple(boxes))

    def as_json(self) -> dict[str, Any]:
        """Return the state as a JSON value in canonical form."""
        filters = {
            "asOf": self.as_of.isoformat() if self.as_of else None,
            "certainties": _sorted(self.certainties),
            "kinds": _sorted(self.kinds),
            "modalities": _sorted(self.modalities),
            "off": sorted(self.off) or None,
        }
        route = self.route and {
            "from": self.route.source,
            "to": self.route.target,
            "kinds": _sorted(self.route.kinds),
            "hops": self.route.hops if self.route.hops != Route("", "").hops else None,
            "chosen": self.route.chosen or None,
            "hubs": None if self.route.hubs else False,
        }
        value: dict[str, Any] = {
            "boxes": [_box_json(box) for box in self.boxes] or None,
            "filters": _whole(filters) or None,
            "groups": self.groups
            and {"by": self.groups.by, "of": self.groups.of, "at": [self.groups.x, self.groups.y]},
            "mode": self.mode if self.mode != "graph" else None,
            "colour": self.colour if self.colour != "class" else None,
            "size": self.size if self.size != "none" else None,
            "selected": list(self.selected) or None,
            "path": _whole(route) if route else None,
            "name": self.name or None,
        }
        return {"v": 1, **_whole(value)}

    def text(self) -> str:
        """Return the canonical text."""
        return canonical_text(self.as_json())

    def encoded(self) -> str:
        """Return the state for an address: deflated, in base64url, with a mark of the form before it."""
        packed = zlib.compressobj(9, zlib.DEFLATED, -15)
        data = packed.compress(self.text().encode()) + packed.flush()
        return f"1{base64.urlsafe_b64encode(data).decode().rstrip('=')}"


def canonical_text(value: Mapping[str, Any]) -> str:
    """Return a JSON value as canonical text: sorted keys, no white space, characters as they are."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _box_json(box: Box) -> list[Any]:
    flags = _PINNED * box.pinned | _ROOT * box.root | _ASIDE * box.aside
    return [box.path, box.x, box.y, flags] if flags else [box.path, box.x, box.y]


def _whole(value: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in value.items() if v is not None}


def _sorted(values: frozenset[str] | None) -> list[str] | None:
    return None if values is None else sorted(values)


def decode(text: str) -> ViewState:
    """Return the state of an address.

    Raises
    ------
    InvalidState
        If it isn't what `ViewState.encoded` makes (1 and deflated) or plain JSON in base64url (0), or is too long.
    """
    form, data = text[:1], text[1:]
    try:
        raw = base64.b64decode(data + "=" * (-len(data) % 4), altchars=b"-_", validate=True)
        if form == "1":
            unpacking = zlib.decompressobj(-15)
            # Never more than what a state may have, however small it was packed.
            raw = unpacking.decompress(raw, STATE_MAX_BYTES + 1)
    except (binascii.Error, ValueError, zlib.error):
        raise InvalidState("the address holds no state that was packed here", "state") from None
    if form not in {"0", "1"}:
        raise InvalidState("the form of the packed state is unknown", "state")
    return parse(raw)


def parse(raw: bytes | str) -> ViewState:
    """Return the state of a JSON text.

    Raises
    ------
    InvalidState
        If it is too long, no JSON, or no state.
    """
    data = raw.encode() if isinstance(raw, str) else raw
    if len(data) > STATE_MAX_BYTES:
        raise InvalidState(f"it has more than {STATE_MAX_BYTES:,} bytes", "", too_large=True)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise InvalidState("it is no JSON", "") from None
    return from_json(value)


def from_json(value: object) -> ViewState:
    """Return the state of a JSON value; strict: what isn't known is refused, and not passed over.

    Raises
    ------
    InvalidState
        For anything that isn't a state, with the place of what is wrong.
    """
    given = _object(
        value, "", {"v", "boxes", "filters", "groups", "mode", "colour", "size", "selected", "path", "name"}
    )
    if given.get("v") != 1:
        raise InvalidState("its form isn't 1", "v")
    boxes = _boxes(given.get("boxes", []))
    known = {box.path for box in boxes}
    filters = _object(given.get("filters", {}), "filters", {"asOf", "certainties", "kinds", "modalities", "off"})
    selected = tuple(_paths(given.get("selected", []), "selected"))
    if strangers := [path for path in selected if path not in known]:
        raise InvalidState(f"{strangers[0]} is selected and no box", "selected")
    state = ViewState(
        boxes=boxes,
        off=_words(filters.get("off"), "filters.off", frozenset(ENTITY_SEGMENTS)) or frozenset(),
        modalities=_some(filters.get("modalities"), "filters.modalities", MODALITIES),
        certainties=_some(filters.get("certainties"), "filters.certainties", CERTAINTIES),
        kinds=_words(filters.get("kinds"), "filters.kinds"),
        as_of=_day(filters.get("asOf")),
        groups=_groups(given.get("groups")),
        mode=cast(Any, _choice(given.get("mode", "graph"), "mode", ("graph", "table"))),
        colour=_choice(given.get("colour", "class"), "colour", COLOURS),
        size=_choice(given.get("size", "none"), "size", SIZES),
        selected=selected,
        route=_route(given.get("path")),
        name=_name(given.get("name", "")),
    )
    if len(state.text().encode()) > STATE_MAX_BYTES:
        raise InvalidState(f"it has more than {STATE_MAX_BYTES:,} bytes", "", too_large=True)
    return state


def entity_path(value: object, where: str) -> str:
    """Return the path of an entity below ``id/``, or raise `InvalidState`."""
    found = _PATH.fullmatch(value) if isinstance(value, str) else None
    if not found or found[1] not in _SEGMENTS:
        raise InvalidState("an entity is named by its class and local name, such as zone/datong-1a2b3c4d", where)
    return found[0]


def _object(value: object, where: str, keys: Collection[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidState("an object is expected", where)
    if unknown := sorted(str(k)[:40] for k in value if k not in keys):
        raise InvalidState(f"{unknown[0]!r} isn't known; there are {', '.join(sorted(keys))}", where)
    return value


def _list(value: object, where: str, most: int) -> Sequence[Any]:
    if not isinstance(value, list):
        raise InvalidState("a list is expected", where)
    if len(value) > most:
        raise InvalidState(f"it has {len(value):,} members; at most {most:,} are taken", where, too_large=True)
    return value


def _boxes(value: object) -> tuple[Box, ...]:
    found: dict[str, Box] = {}
    for n, item in enumerate(_list(value, "boxes", BOXES_MAX)):
        where = f"boxes[{n}]"
        if not isinstance(item, list) or len(item) not in {3, 4}:
            raise InvalidState("a box is a list: entity, x, y, and flags where there are any", where)
        path, flags = entity_path(item[0], where), item[3] if len(item) == 4 else 0
        if not all(_is_int(n) and abs(n) <= FARTHEST for n in item[1:3]):
            raise InvalidState(f"x and y are whole numbers up to {FARTHEST:,}", where)
        if not _is_int(flags) or not 0 <= flags <= (_PINNED | _ROOT | _ASIDE):
            raise InvalidState("flags are a sum of 1 (pinned), 2 (root) and 4 (aside)", where)
        if path in found:
            raise InvalidState(f"{path} has two boxes", where)
        found[path] = Box(path, item[1], item[2], bool(flags & _PINNED), bool(flags & _ROOT), bool(flags & _ASIDE))
    return tuple(found.values())


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _paths(value: object, where: str) -> list[str]:
    return list(dict.fromkeys(entity_path(item, where) for item in _list(value, where, BOXES_MAX)))


def _words(value: object, where: str, known: frozenset[str] | None = None) -> frozenset[str] | None:
    if value is None:
        return None
    words = _list(value, where, 200)
    for word in words:
        if not isinstance(word, str) or not _WORD.fullmatch(word) or (known is not None and word not in known):
            expected = f"; there are {', '.join(sorted(known))}" if known else ""
            raise InvalidState(f"{str(word)[:40]!r} isn't known{expected}", where)
    return frozenset(words)


def _some(value: object, where: str, known: Sequence[str]) -> frozenset[str] | None:
    """Return some of a list's codes; None for all of them, so that there is one way to say so."""
    words = _words(value, where, frozenset(known))
    if words is not None and not words:
        raise InvalidState("give at least one, or leave it out", where)
    return None if words == frozenset(known) else words


def _choice(value: object, where: str, choices: Sequence[str]) -> str:
    if value not in choices:
        raise InvalidState(f"give one of {', '.join(choices)}", where)
    return cast(str, value)


def _day(value: object) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value if isinstance(value, str) and len(value) == 10 else "")
    except ValueError:
        raise InvalidState("give a day such as 2025-12-31", "filters.asOf") from None


def _groups(value: object) -> Groups | None:
    if value is None:
        return None
    given = _object(value, "groups", {"of", "by", "at"})
    of = given.get("of")
    if of != "all" and entity_path(of, "groups.of").partition("/")[0] not in {"zone", "chain"}:
        raise InvalidState("groups are of a zone, of a chain, or of all", "groups.of")
    at = _list(given.get("at", [0, 0]), "groups.at", 2)
    if len(at) != 2 or not all(_is_int(n) and abs(n) <= FARTHEST for n in at):
        raise InvalidState(f"give x and y, whole numbers up to {FARTHEST:,}", "groups.at")
    return Groups(cast(str, of), _choice(given.get("by"), "groups.by", GROUPINGS), at[0], at[1])


def _route(value: object) -> Route | None:
    if value is None:
        return None
    given = _object(value, "path", {"from", "to", "kinds", "hops", "chosen", "hubs"})
    if not isinstance(given.get("hubs", True), bool):
        raise InvalidState("give true or false", "path.hubs")
    hops, chosen = given.get("hops", Route("", "").hops), given.get("chosen", 0)
    if not _is_int(hops) or not 1 <= hops <= PATH_HOPS_MAX:
        raise InvalidState(f"give a whole number from 1 to {PATH_HOPS_MAX}", "path.hops")
    if not _is_int(chosen) or not 0 <= chosen <= 9:
        raise InvalidState("give a whole number from 0 to 9", "path.chosen")
    return Route(
        entity_path(given.get("from"), "path.from"),
        entity_path(given.get("to"), "path.to"),
        _words(given.get("kinds"), "path.kinds"),
        hops,
        chosen,
        given.get("hubs", True),
    )


def _name(value: object) -> str:
    if not isinstance(value, str) or len(value) > NAME_MAX_CHARACTERS or not value.isprintable():
        raise InvalidState(f"a name is printable text of at most {NAME_MAX_CHARACTERS} characters", "name")
    return value.strip()

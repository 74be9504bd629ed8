"""Groups: what is too much to draw box by box is drawn as a few boxes that stand for many, and opened on demand.

Notes
-----
A group holds those members of a set (a zone, a chain, or everything) that have one thing in common and don't stand in
the picture on their own. Opening a group puts some of its members, the most connected first, around it; the group
keeps the rest, and goes when there is none. Its place depends on the set alone, so opening moves nothing.

The thing in common is the class, the zone, the chain (of several the first in the order of their IRIs), or the
community (`kg.services.analytics`). Of more than `GROUPS_MAX` groups the smallest are one, ``rest``.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kg.errors import NotFound
from kg.model.vocabulary import ID, KG
from kg.services import analytics, exploration, placement
from kg.services.exploration import EXPAND, Expansion, adjacency
from kg.services.explore import Names
from kg.services.links import Link, read
from kg.services.placement import NewBox, Plane, Point
from kg.services.projection import ASIDE
from kg.services.remembered import per_version
from kg.services.viewstate import BOXES_MAX, Box, Groups, ViewState
from kg.store.protocol import Reader

GROUPS_MAX: Final = 500
#: Lines between groups, and between groups and boxes; the strongest are drawn.
LINES_MAX: Final = 2000
#: Sets up to this size are shown box by box when they are opened whole.
WHOLE_MAX: Final = 250

#: Kinds of link from a chain to what takes part in it, and from what takes part to its segments.
_CHAIN_FORWARD: Final = frozenset({"hasSegment", "member", "chainLeader", "hasInput", "hasOutput"})
_CHAIN_BACKWARD: Final = frozenset({"inSegment"})


@dataclass(frozen=True, slots=True)
class Group:
    """A group as it is drawn.

    Attributes
    ----------
    key
        Its name in the drawing, such as ``class:Enterprise``.
    about
        What its members have in common: an IRI, the number of a community, or empty for those that have it not.
    members
        IRIs of those that don't stand in the picture on their own, the most connected first.
    """

    key: str
    about: str
    members: Sequence[str]
    x: int
    y: int
    width: int


@dataclass(frozen=True, slots=True)
class Line:
    """How many links there are between two groups, or between a group and a box."""

    source: str
    target: str
    count: int


@dataclass(frozen=True)
class Aggregate:
    """The groups of a state and the lines between them."""

    groups: Sequence[Group] = ()
    lines: Sequence[Line] = ()


def members(store: Reader, of: str) -> list[str]:
    """Return the entities of a zone or a chain (a path below ``id/``), or of everything (``all``), by their IRIs.

    Raises
    ------
    NotFound
        If there is no such zone or chain.
    """
    known = read(store)
    if of == "all":
        return sorted(known.classes)
    iri = f"{ID}{of}"
    found = known.zones.get(iri) if of.startswith("zone/") else _chains(store).get(iri)
    if found is None:
        raise NotFound(of.partition("/")[0], of, "The pages /zones and /chains list all of them.")
    return sorted(found)


@per_version
def _chains(store: Reader) -> Mapping[str, frozenset[str]]:
    """Return for each chain itself, its segments, and who and what takes part in it."""
    links = adjacency(store)
    found = {}
    for chain, name in read(store).classes.items():
        if name != "IndustryChain":
            continue
        reached = {chain}
        for start in (chain, *sorted(_after(links, chain))):
            reached |= {start} | _after(links, start)
        found[chain] = frozenset(reached)
    return found


def _after(links: Mapping[str, Sequence[Link]], iri: str) -> set[str]:
    return {
        link.other(iri)
        for link in links.get(iri, ())
        if (link.kind in _CHAIN_FORWARD and link.source == iri) or (link.kind in _CHAIN_BACKWARD and link.target == iri)
    }


@per_version
def _keys(store: Reader, by: str) -> Mapping[str, str]:
    """Return for each entity what it has in common with others."""
    known = read(store)
    if by == "class":
        return {iri: f"{KG}{name}" for iri, name in known.classes.items()}
    if by == "community":
        return {iri: str(measure.community) for iri, measure in analytics.measures(store).items()}
    found: dict[str, str] = {}
    for about, inside in sorted((known.zones if by == "zone" else _chains(store)).items()):
        for iri in inside:
            # A zone or chain that lies inside of another is nevertheless its own.
            found[iri] = about if iri == about else found.get(iri, about)
    return found


def _parts(store: Reader, groups: Groups, names: Names) -> dict[str, list[str]]:
    """Return the members of each group, those in the picture among them; the largest group first."""
    keys = _keys(store, groups.by)
    links = adjacency(store)
    parts: dict[str, list[str]] = defaultdict(list)
    for iri in sorted(members(store, groups.of), key=lambda i: (-len(links.get(i, ())), i)):
        parts[f"{groups.by}:{keys.get(iri, '').removeprefix(ID).removeprefix(KG)}"].append(iri)
    ordered = sorted(parts.items(), key=lambda part: (-len(part[1]), part[0]))
    if len(ordered) > GROUPS_MAX:
        rest = [iri for _, inside in ordered[GROUPS_MAX - 1 :] for iri in inside]
        ordered = [*ordered[: GROUPS_MAX - 1], (f"{groups.by}:rest", rest)]
    names.load(store, (_about(key) for key, _ in ordered if _is_iri(_about(key))))
    return dict(ordered)


def _about(key: str) -> str:
    by, _, value = key.partition(":")
    if not value or value == "rest" or by == "community":
        return value
    return f"{KG}{value}" if by == "class" else f"{ID}{value}"


def _is_iri(about: str) -> bool:
    return about.startswith((ID, KG))


def aggregate(store: Reader, state: ViewState, names: Names, drawn: Collection[str] = ()) -> Aggregate:
    """Return the groups of a state.

    Parameters
    ----------
    names
        Gets the names of what the groups are about.
    drawn
        IRIs of the entities that stand in the picture on their own; links to them are counted.

    Notes
    -----
    Links are counted as the state's filters let them through. An entity of a class that is left out, or that the reader
    put aside, is in no group.
    """
    if state.groups is None:
        return Aggregate()
    parts = _parts(store, state.groups, names)
    places, widths = _places(store, state.groups, parts, names)
    apart = {box.iri for box in state.boxes}
    classes = read(store).classes
    groups = []
    where: dict[str, str] = {iri: iri.removeprefix(ID) for iri in drawn}
    for key, inside in parts.items():
        left = [iri for iri in inside if iri not in apart and classes.get(iri) not in state.off]
        if left:
            groups.append(Group(key, _about(key), left, *places[key], widths[key]))
            where |= dict.fromkeys(left, key)
    counts: dict[tuple[str, str], int] = defaultdict(int)
    counted = exploration.Counted(store, state)
    for group in groups:
        for iri in group.members:
            for link in counted.of(iri):
                one, other = where.get(link.source), where.get(link.target)
                # A link between two groups is met from both of its ends, and counts once.
                if one and other and one != other and (link.source == iri or ":" not in one):
                    counts[min(one, other), max(one, other)] += 1
    lines = [Line(a, b, n) for (a, b), n in sorted(counts.items(), key=lambda c: (-c[1], c[0]))]
    return Aggregate(groups, lines[:LINES_MAX])


def _places(
    store: Reader, groups: Groups, parts: Mapping[str, Sequence[str]], names: Names
) -> tuple[dict[str, Point], dict[str, int]]:
    of = {iri: key for key, inside in parts.items() for iri in inside}
    near: dict[str, dict[str, None]] = {key: {} for key in parts}
    links = adjacency(store)
    for key, inside in parts.items():
        for iri in inside:
            for link in links.get(iri, ()):
                other = of.get(link.other(iri))
                if other and other != key and link.kind not in ASIDE:
                    near[key][other] = None
    widths = {}
    for key, inside in parts.items():
        labels = [names[_about(key)].label(language).text for language in ("zh", "en")] if _is_iri(_about(key)) else []
        widths[key] = placement.box_width([*(f"{label} {len(inside)}" for label in labels), "xxxxxxxx 99999"])
    found = placement.spread(
        Plane(), [NewBox(key, widths[key]) for key in parts], {k: list(v) for k, v in near.items()}
    )
    return {key: (x + groups.x, y + groups.y) for key, (x, y) in found.items()}, widths


def open_group(store: Reader, state: ViewState, key: str, limit: int = EXPAND) -> Expansion:
    """Put some of a group's members into the picture, around it.

    Raises
    ------
    NotFound
        If the state has no such group (any more).
    """
    names = Names()
    every = aggregate(store, state, names)
    group = next((g for g in every.groups if g.key == key), None)
    if group is None:
        raise NotFound("group", key, "It may be open already.")
    chosen = list(group.members[: max(0, min(limit, BOXES_MAX - len(state.boxes)))])
    names.load(store, (*chosen, *(box.iri for box in state.boxes)))
    plane = Plane()
    for other in every.groups:
        plane.put(other.key, (other.x, other.y), other.width)
    for box in state.boxes:
        plane.put(box.path, (box.x, box.y), exploration.width_of(names, box.iri))
    new = [NewBox(iri.removeprefix(ID), exploration.width_of(names, iri)) for iri in chosen]
    at = placement.around(plane, key, new)
    added = [Box(box.name, *at[box.name]) for box in new]
    left = len(group.members) - len(added)
    return Expansion(
        state.with_boxes([*state.boxes, *added]), added, {key: left} if left else {}, len(chosen) < limit and left > 0
    )

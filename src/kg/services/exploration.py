"""The explorer: a state becomes a picture, and a click becomes the next state.

Notes
-----
*Entities.* A state's boxes that aren't put aside and whose class isn't left out. Where facts are filtered too, one
that no counted link reaches any more goes with them, unless the reader asked for it by name (a root).

*Links* are those of `kg.services.links` between entities of the picture, with the facts that pass the filters.
`sparql` gives the query that says the same: its solutions are exactly the picture's entities and links.

*The modality of a box* is the firmest of all facts that link the entity with another, whatever the filters are: a box
doesn't change its look when something else is shown or not.

*What stays hidden* is counted for each box: the distinct neighbours that the filters let through and that aren't in the
picture, by kind of link and by class; a neighbour by two kinds of link counts in both.
"""

import textwrap
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pyoxigraph import Literal, NamedNode

from kg import paths
from kg.errors import NotFound
from kg.model.vocabulary import ID, KG, XSD
from kg.services import placement
from kg.services.explore import Names
from kg.services.links import Link, Support, passes, read
from kg.services.placement import NewBox, Plane, Point
from kg.services.projection import ASIDE
from kg.services.remembered import per_version
from kg.services.selection import MODALITIES
from kg.services.viewstate import BOXES_MAX, Box, ViewState
from kg.store.protocol import Binding, Reader
from kg.store.sparql import bind

#: Neighbours that one expansion shows, unless another number is asked for; and the most that may be.
EXPAND: Final = 30
EXPAND_MAX: Final = 200

_RANK: Final = {code: n for n, code in enumerate(MODALITIES)}


@dataclass(frozen=True, slots=True)
class Entity:
    """A box of the picture.

    Attributes
    ----------
    width
        Of the box, in pixels, the same in each language.
    modality
        The firmest of the facts that link it; empty where nothing does.
    more
        How many of its neighbours aren't in the picture.
    kinds, classes
        The same by kind of link, and by class of the neighbour.
    zones
        The development zones that it belongs to.
    """

    box: Box
    width: int
    modality: str
    more: int
    kinds: Mapping[str, int]
    classes: Mapping[str, int]
    zones: Sequence[str]

    @property
    def iri(self) -> str:
        """The entity's IRI."""
        return self.box.iri


@dataclass(frozen=True)
class Picture:
    """What a state shows.

    Attributes
    ----------
    entities, links
        In the order of the boxes; of the first end's box, then of kind and other end.
    away
        The boxes that aren't in the picture: put aside, of a class that is left out, or without a counted link.
    unknown
        Boxes that the graph doesn't know (any more).
    classes
        How many boxes there are of each class, those of classes that are left out among them.
    modalities, certainties, kinds
        How many links would be drawn of each, if that one filter weren't there.
    left
        How many distinct neighbours of the whole picture aren't in it, by class.
    """

    state: ViewState
    entities: Sequence[Entity]
    links: Sequence[Link]
    away: Sequence[Box]
    unknown: Sequence[Box]
    classes: Mapping[str, int]
    modalities: Mapping[str, int]
    certainties: Mapping[str, int]
    kinds: Mapping[str, int]
    left: Mapping[str, int]
    names: Names


@dataclass(frozen=True)
class Expansion:
    """The state after an expansion.

    Attributes
    ----------
    added
        The boxes that came.
    back
        Those among them that had been put aside.
    left
        How many neighbours still aren't in the picture, by class.
    full
        Whether the limit of boxes held some back.
    """

    state: ViewState
    added: Sequence[Box]
    left: Mapping[str, int]
    full: bool


@per_version
def adjacency(store: Reader) -> Mapping[str, Sequence[Link]]:
    """Return every link of each entity, whatever its kind."""
    found: dict[str, list[Link]] = defaultdict(list)
    for link in read(store).links:
        found[link.source].append(link)
        found[link.target].append(link)
    return dict(found)


@per_version
def _zones(store: Reader) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for zone, members in read(store).zones.items():
        for member in members:
            found[member].append(zone)
    return {member: sorted(zones, key=lambda z: (z != member, z)) for member, zones in found.items()}


def class_of(store: Reader, names: Names, iri: str) -> str:
    """Return the class of an entity; empty for what the graph doesn't know."""
    return read(store).classes.get(iri) or names[iri].class_name


class Counted:
    """The links of entities with the facts that pass a state's filters."""

    def __init__(self, store: Reader, state: ViewState) -> None:
        self._store = store
        self._links = adjacency(store)
        self._known = read(store)
        self._state = state
        self._selection = state.selection

    def of(self, iri: str) -> Iterable[Link]:
        """Yield the links of an entity."""
        for link in self._links.get(iri, ()):
            if not self._kind(link.kind) or self._known.classes.get(link.other(iri), "") in self._state.off:
                continue
            supports = self._passing(link)
            if len(supports) == len(link.supports):
                yield link
            elif supports:
                yield replace(link, supports=supports)

    def without(self, name: str) -> "Counted":
        """Return the same without one filter of facts."""
        state = self._state
        other = ViewState(
            off=state.off,
            modalities=None if name == "modalities" else state.modalities,
            certainties=None if name == "certainties" else state.certainties,
            kinds=None if name == "kinds" else state.kinds,
            as_of=state.as_of,
        )
        return Counted(self._store, other)

    def _kind(self, kind: str) -> bool:
        wanted = self._state.kinds
        return kind not in ASIDE if wanted is None else kind in wanted

    def _passing(self, link: Link) -> tuple[Support, ...]:
        selection, ended_by = self._selection, self._known.ended_by
        return tuple(s for s in link.supports if passes(s, selection, ended_by))


def _between(counted: Counted, shown: Iterable[str], inside: Collection[str]) -> list[Link]:
    found: dict[tuple[str, str, str], Link] = {}
    for iri in shown:
        for link in sorted(counted.of(iri), key=lambda li: (li.kind, li.source, li.target)):
            if link.other(iri) in inside:
                found.setdefault((link.source, link.kind, link.target), link)
    return list(found.values())


def picture(store: Reader, state: ViewState) -> Picture:
    """Return what a state shows."""
    names = Names().load(store, (box.iri for box in state.boxes))
    of_class = {box.path: class_of(store, names, box.iri) for box in state.boxes}
    unknown = [box for box in state.boxes if not of_class[box.path]]
    known = [box for box in state.boxes if of_class[box.path]]
    candidates = [box for box in known if not box.aside and of_class[box.path] not in state.off]
    inside = {box.iri for box in candidates}
    counted = Counted(store, state)
    links = _between(counted, (box.iri for box in candidates), inside)
    counts = {name: _between(counted.without(name), inside, inside) for name in ("modalities", "certainties", "kinds")}
    if state.filters_facts:
        inside = {end for link in links for end in (link.source, link.target)}
        candidates = [box for box in candidates if box.root or box.iri in inside]
        inside = {box.iri for box in candidates}
    shown = {box.path for box in candidates}
    zones = _zones(store)
    entities = []
    left: set[str] = set()
    for box in candidates:
        kinds, classes, hidden = _hidden(store, counted, box.iri, inside)
        left |= hidden
        entities.append(
            Entity(
                box,
                width_of(names, box.iri),
                _modality(store, box.iri),
                len(hidden),
                kinds,
                classes,
                zones.get(box.iri, ()),
            )
        )
    names.load(
        store,
        {
            *(f"{KG}{link.kind}" for link in counts["kinds"]),
            *(f"{KG}{kind}" for e in entities for kind in e.kinds),
            *(zone for e in entities for zone in e.zones),
            *(d for link in links for s in link.supports for d in s.documents),
        },
    )
    return Picture(
        state,
        entities,
        links,
        [box for box in known if box.path not in shown],
        unknown,
        dict(sorted(Counter(of_class[box.path] for box in known if not box.aside).items())),
        _tally(m for link in counts["modalities"] for m in link.modalities),
        _tally(c for link in counts["certainties"] for c in sorted({s.certainty for s in link.supports})),
        _tally(link.kind for link in counts["kinds"]),
        _tally(read(store).classes[other] for other in left),
        names,
    )


def _tally(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))


def _hidden(
    store: Reader, counted: Counted, iri: str, inside: Collection[str]
) -> tuple[dict[str, int], dict[str, int], set[str]]:
    kinds: dict[str, set[str]] = defaultdict(set)
    for link in counted.of(iri):
        if (other := link.other(iri)) not in inside:
            kinds[link.kind].add(other)
    hidden = {other for others in kinds.values() for other in others}
    classes = read(store).classes
    return (
        {kind: len(others) for kind, others in sorted(kinds.items())},
        _tally(classes[other] for other in hidden),
        hidden,
    )


def _modality(store: Reader, iri: str) -> str:
    codes = {s.modality for link in adjacency(store).get(iri, ()) for s in link.supports}
    return min(codes, key=lambda code: (_RANK.get(code, 9), code), default="")


def width_of(names: Names, iri: str) -> int:
    """Return the width of an entity's box."""
    return placement.box_width(names[iri].label(language).text for language in ("zh", "en"))


# --- clicks -----------------------------------------------------------------------------------------------------------


def add(store: Reader, state: ViewState, entities: Sequence[str], *, root: bool = True) -> ViewState:
    """Show further entities, each beside what it is linked to, or apart.

    Parameters
    ----------
    entities
        Paths below ``id/``.
    root
        Whether the reader asked for them by name.

    Raises
    ------
    NotFound
        If the graph has no such entity.
    """
    names = Names().load(store, (f"{ID}{path}" for path in entities))
    for path in entities:
        if not class_of(store, names, f"{ID}{path}"):
            raise NotFound("entity", path, "Look for its name under /search.")
    wanted = dict.fromkeys(entities)
    boxes = [replace(box, aside=False, root=box.root or root) if box.path in wanted else box for box in state.boxes]
    new = [path for path in wanted if path not in state.by_path][: max(0, BOXES_MAX - len(boxes))]
    at = _place(store, state, new, None)
    return state.with_boxes([*boxes, *(Box(path, *at[path], root=root) for path in new)])


def expand(
    store: Reader, state: ViewState, path: str, *, kinds: Collection[str] | None = None, limit: int = EXPAND
) -> Expansion:
    """Show the neighbours of an entity that aren't in the picture, and move nothing.

    Parameters
    ----------
    path
        A box of the state.
    kinds
        Kinds of link to follow; None for all that the filters let through.
    limit
        How many neighbours to show at most, 1 to `EXPAND_MAX`. Those that are linked with more of the picture come
        first, then those with more links at all.

    Raises
    ------
    NotFound
        If the state has no such box.
    """
    if path not in state.by_path:
        raise NotFound("box", path, "Add the entity first.")
    iri = state.by_path[path].iri
    before = {box.path for box in state.boxes if not box.aside}
    counted = Counted(store, state)
    found: dict[str, None] = {}
    for link in counted.of(iri):
        other = link.other(iri).removeprefix(ID)
        if other not in before and (kinds is None or link.kind in kinds):
            found.setdefault(other)
    links = adjacency(store)

    def pull(other: str) -> tuple[int, int, str]:
        theirs = links[f"{ID}{other}"]
        near = {li.other(f"{ID}{other}").removeprefix(ID) for li in theirs}
        return -len(near & before), -len(near), other

    ranked = sorted(found, key=pull)
    room = BOXES_MAX - len(state.boxes)
    chosen: list[str] = []
    for other in ranked:
        if len(chosen) == max(1, min(limit, EXPAND_MAX)):
            break
        if other in state.by_path:
            chosen.append(other)
        elif room > 0:
            room -= 1
            chosen.append(other)
    new = [other for other in chosen if other not in state.by_path]
    at = _place(store, state, new, path)
    back = set(chosen) - set(new)
    boxes = [
        *(replace(box, aside=False) if box.path in back else box for box in state.boxes),
        *(Box(other, *at[other]) for other in new),
    ]
    after = state.with_boxes(boxes)
    rest = [other for other in ranked if other not in chosen]
    classes = read(store).classes
    return Expansion(
        after,
        [after.by_path[other] for other in chosen],
        _tally(classes[f"{ID}{other}"] for other in rest),
        bool(rest) and len(chosen) < limit,
    )


def _place(store: Reader, state: ViewState, new: Sequence[str], parent: str | None) -> dict[str, Point]:
    """Return places for new boxes that cover none of those that a state has, put aside or not."""
    names = Names().load(store, (f"{ID}{path}" for path in (*state.by_path, *new)))
    plane = Plane()
    for box in state.boxes:
        plane.put(box.path, (box.x, box.y), width_of(names, box.iri))
    links = adjacency(store)
    classes = read(store).classes
    order = sorted(new, key=lambda path: (classes.get(f"{ID}{path}", ""), names[f"{ID}{path}"].label("zh").text, path))
    inside = {*state.by_path, *new}
    near = {
        path: sorted({li.other(f"{ID}{path}").removeprefix(ID) for li in links.get(f"{ID}{path}", ())} & inside)
        for path in inside
    }
    if parent is None:
        # Whoever has the most links stands in the middle of its part, whatever its class.
        order.sort(key=lambda path: -len(near[path]))
    boxes = [NewBox(path, width_of(names, f"{ID}{path}")) for path in order]
    return placement.spread(plane, boxes, near, parent)


# --- the query --------------------------------------------------------------------------------------------------------


def sparql(store: Reader, state: ViewState, language: str, further: Iterable[str] = ()) -> str:
    """Return the query that gives exactly the entities and links of a state's picture, for a reader of a language.

    Parameters
    ----------
    further
        Entities that are drawn inside of groups.
    """
    names = Names().load(store, (box.iri for box in state.boxes))
    candidates = []
    for box in state.boxes:
        of_class = class_of(store, names, box.iri)
        if of_class and not box.aside and of_class not in state.off:
            candidates.append(box)
    others = [NamedNode(iri) for iri in further]
    entities = [*(NamedNode(box.iri) for box in candidates), *others]
    kept = [*(NamedNode(box.iri) for box in candidates if box.root), *others] if state.filters_facts else entities
    ended_by = read(store).ended_by
    terms: dict[str, Binding | None] = {
        "entities": entities,
        "kept": kept,
        "aside": [NamedNode(f"{KG}{kind}") for kind in sorted(ASIDE)] if state.kinds is None else None,
        "kinds": None if state.kinds is None else [Literal(kind) for kind in sorted(state.kinds)],
        "endedBy": Literal(ended_by.isoformat(), datatype=_DATE) if ended_by and state.as_of is None else None,
    }
    text = paths.query("exploration/graph.rq").replace(
        "    # $selection\n", textwrap.indent(state.selection.sparql_filter("fact") + "\n", "    ").lstrip("\n")
    )
    return _spelt(text, terms, language)


_DATE: Final = NamedNode(f"{XSD}date")


def _spelt(text: str, terms: Mapping[str, Binding | None], language: str) -> str:
    """Put terms in for parameters; a line with a parameter that has none goes, and so does the header but its title."""
    lines = text.splitlines()
    title = lines[0] if language == "zh" else lines[1]
    dropped = [f"${name}" for name, term in terms.items() if term is None]
    body = [line for line in lines[2:] if not line.startswith("#") and not any(name in line for name in dropped)]
    return f"{title}\n{bind(chr(10).join(body), {k: v for k, v in terms.items() if v is not None})}\n"

"""The path finder: how two entities are linked, step by step with the facts, or why they aren't.

Notes
-----
A path is simple: it comes by no entity twice. Paths are found without regard to direction, for "A supplies B" links B
with A as well; each step says which way its links point. Shorter paths come first; among those of one length the order
is that of networkx's search over entities in the order of their IRIs, the same each time.

The search is Yen's [1]_ with a bidirectional breadth-first search inside (networkx's ``shortest_simple_paths``), over
the entities alone that lie on some walk of at most `max_hops` between the two. Between two found paths it makes at
most `HOPS_MAX` searches of that part of the graph; when the sum of what these may visit passes `VISITED_MAX`, it stops
and says that there may be more.

References
----------
.. [1] Yen, J. Y. Finding the K shortest loopless paths in a network. *Management Science* 17 (1971) 712-716,
   https://doi.org/10.1287/mnsc.17.11.712
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final, Literal

import networkx as nx

from kg.services import links, projection
from kg.services.explore import statements_of
from kg.services.links import Link, Support, documents_of, passes
from kg.services.projection import ALL, Filters, Projection
from kg.services.selection import Selection
from kg.store.protocol import Reader

#: The most paths, and the most steps of one, whatever is asked for.
PATHS_MAX: Final = 10
HOPS_MAX: Final = 8
#: Entities and links that the rounds of one search may visit together (ten paths of eight steps among 70,000 pass).
VISITED_MAX: Final = 6_000_000
#: An entity with more neighbours than this is a hub, where hubs are to be avoided.
HUB_DEGREE: Final = 20

#: Why there is no path; each has its sentence under ``analysis.reason.<code>`` in the interface's strings.
Reason = Literal["unknown", "same", "unlinked", "apart", "far", "filtered", "hubs"]


@dataclass(frozen=True, slots=True)
class Step:
    """A step from one entity to the next.

    Attributes
    ----------
    links
        Every link between the two that counts; each has its facts.
    """

    source: str
    target: str
    links: Sequence[Link]

    @property
    def direction(self) -> Literal["forward", "backward", "both"]:
        """Whether the links point from source to target, the other way, or both ways (or none)."""
        forward = any(link.directed and link.source == self.source for link in self.links)
        backward = any(link.directed and link.target == self.source for link in self.links)
        return "both" if forward == backward else "forward" if forward else "backward"


@dataclass(frozen=True, slots=True)
class Path:
    """A path from source to target."""

    steps: Sequence[Step]

    @property
    def entities(self) -> list[str]:
        """The entities in order, both ends among them."""
        return [self.steps[0].source, *(step.target for step in self.steps)] if self.steps else []

    @property
    def documents(self) -> list[str]:
        """The documents that its links rest on."""
        return documents_of(link for step in self.steps for link in step.links)

    @property
    def one_document(self) -> bool:
        """Whether all of it rests on one document."""
        return len(self.documents) == 1


@dataclass(frozen=True, slots=True)
class Nothing:
    """Why there is no path, and what would open one.

    Attributes
    ----------
    reason
        ``unknown`` (the graph doesn't know `entities`), ``same`` (both are one), ``unlinked`` (no fact links `entities`
        with another), ``apart`` (no chain of links joins them, whatever the filter: the documents report none), ``far``
        (the shortest has `hops`), ``filtered`` (only by links that the filter leaves out), ``hubs`` (only through
        `entities`, which are hubs).
    kinds, modalities, certainties
        What the filter would have to let through for one path: the one with the fewest steps that it leaves out.
    limits
        Names of the filters that leave these steps out: ``kinds``, ``modalities``, ``certainties``, ``as_of``,
        ``classes``, ``zone``.
    opened
        The path that there would be then, or that is too long.
    sizes
        How many entities hang together with the source, and with the target.
    """

    reason: Reason
    entities: Sequence[str] = ()
    hops: int = 0
    kinds: Sequence[str] = ()
    modalities: Sequence[str] = ()
    certainties: Sequence[str] = ()
    limits: Sequence[str] = ()
    opened: Path | None = None
    sizes: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths between two entities, the shortest first.

    Attributes
    ----------
    nothing
        Why there is none; None where there is one.
    complete
        Whether every path was found, up to the number and length that were asked for.
    """

    source: str
    target: str
    found: Sequence[Path]
    nothing: Nothing | None = None
    complete: bool = True


def paths(
    store: Reader,
    source: str,
    target: str,
    filters: Filters = ALL,
    *,
    max_paths: int = 5,
    max_hops: int = 6,
    avoid_hubs: bool = False,
) -> Paths:
    """Find the shortest simple paths between two entities.

    Parameters
    ----------
    source, target
        IRIs of entities.
    filters
        Which links count.
    max_paths
        1 to `PATHS_MAX`; others are taken as the nearest of these.
    max_hops
        The most steps of a path, 1 to `HOPS_MAX`.
    avoid_hubs
        Don't lead through entities with more than `HUB_DEGREE` neighbours: two firms of one zone are linked through
        the zone, which tells little.

    Returns
    -------
    Paths
        With a reason where there is none.
    """
    max_paths, max_hops = max(1, min(max_paths, PATHS_MAX)), max(1, min(max_hops, HOPS_MAX))
    projected = projection.project(store, filters)
    if source == target:
        return Paths(source, target, (), Nothing("same", (source,)))
    ends = (source, target)
    if unknown := [end for end in ends if not _known(store, end)]:
        return Paths(source, target, (), Nothing("unknown", unknown))
    graph = projected.graph
    around = _around(graph, source, target, max_hops, avoid_hubs=avoid_hubs) if all(e in graph for e in ends) else set()
    if not around:
        return Paths(source, target, (), _why(store, projected, source, target, max_hops, avoid_hubs=avoid_hubs))
    part = _part(graph, around)
    found: list[Path] = []
    complete = True
    visited = 0
    cost = part.number_of_nodes() + part.number_of_edges()
    for nodes in _simple_paths(part, source, target):
        if len(nodes) - 1 > max_hops or len(found) == max_paths:
            break
        found.append(_path(projected, nodes))
        visited += cost * (len(nodes) - 1)
        if visited > VISITED_MAX and len(found) < max_paths:
            complete = False
            break
    return Paths(source, target, found, None, complete)


def _known(store: Reader, iri: str) -> bool:
    if iri in links.read(store).entities:
        return True
    # What can't be an IRI is known to nobody.
    with suppress(ValueError):
        return bool(statements_of(store, iri))
    return False


def _simple_paths(graph: "nx.Graph[str]", source: str, target: str) -> Iterator[list[str]]:
    try:
        yield from nx.shortest_simple_paths(graph, source, target)
    except nx.NetworkXNoPath:
        return


def _path(projected: Projection, nodes: Sequence[str]) -> Path:
    return Path(tuple(Step(a, b, projected.between(a, b)) for a, b in pairwise(nodes)))


def _around(graph: "nx.Graph[str]", source: str, target: str, max_hops: int, *, avoid_hubs: bool) -> set[str]:
    """Return the entities on walks of at most `max_hops` between the two; empty where there is none."""
    passable = _passable(graph, {source, target}) if avoid_hubs else _always
    near = _distances(graph, source, max_hops, passable)
    if target not in near:
        return set()
    far = _distances(graph, target, max_hops, passable)
    return {node for node, hops in near.items() if hops + far.get(node, max_hops + 1) <= max_hops}


def _always(_: str) -> bool:
    return True


def _passable(graph: "nx.Graph[str]", ends: set[str]) -> Callable[[str], bool]:
    return lambda node: node in ends or graph.degree[node] <= HUB_DEGREE


def _distances(graph: "nx.Graph[str]", start: str, max_hops: int, passable: Callable[[str], bool]) -> dict[str, int]:
    """Return the distance of each entity that a breadth-first search reaches within a number of steps."""
    reached = {start: 0}
    edge = [start]
    for hops in range(1, max_hops + 1):
        following = []
        for node in edge:
            for other in graph[node]:
                if other not in reached and passable(other):
                    reached[other] = hops
                    following.append(other)
        edge = following
    return reached


def _part(graph: "nx.Graph[str]", nodes: set[str]) -> "nx.Graph[str]":
    """Return the part of a graph in the graph's own order: networkx's views walk small parts in the order of a set."""
    part: nx.Graph[str] = nx.Graph()
    part.add_nodes_from(node for node in graph if node in nodes)
    part.add_edges_from((node, other) for node in list(part) for other in graph[node] if other in nodes)
    return part


def _why(store: Reader, projected: Projection, source: str, target: str, max_hops: int, *, avoid_hubs: bool) -> Nothing:
    """Say why there is no path."""
    # Everything that the documents report, what is left out by default among it.
    everything = projection.project(store, Filters(kinds=frozenset(links.read(store).kinds())))
    if lonely := [end for end in (source, target) if end not in everything.graph]:
        return Nothing("unlinked", lonely)
    graph = projected.graph
    if source in graph and target in graph:
        passable = _passable(graph, {source, target})
        open_way = _part(graph, {n for n in graph if passable(n)}) if avoid_hubs else graph
        around_hubs = _shortest(open_way, source, target)
        shortest = _shortest(graph, source, target) if avoid_hubs else around_hubs
        if avoid_hubs and shortest and (len(shortest) - 1 <= max_hops or not around_hubs):
            hubs = [node for node in shortest[1:-1] if not passable(node)]
            return Nothing("hubs", hubs, len(shortest) - 1, opened=_path(projected, shortest))
        if around_hubs:
            return Nothing("far", (), len(around_hubs) - 1, opened=_path(projected, around_hubs))
    return _filtered(store, projected, everything, source, target)


def _shortest(graph: "nx.Graph[str]", source: str, target: str) -> list[str]:
    try:
        return nx.shortest_path(graph, source, target)
    except nx.NetworkXNoPath:
        return []


def _filtered(store: Reader, projected: Projection, everything: Projection, source: str, target: str) -> Nothing:
    """Find the path with the fewest steps that the filter leaves out, and what would let it through."""

    def cost(one: str, other: str, _: object) -> int:
        # A step that is left out weighs more than any number of steps that count.
        return 1 if projected.graph.has_edge(one, other) else len(everything.graph) + 1

    try:
        nodes = nx.dijkstra_path(everything.graph, source, target, weight=cost)
    except nx.NetworkXNoPath:
        sizes = tuple(len(nx.node_connected_component(everything.graph, end)) for end in (source, target))
        return Nothing("apart", sizes=(sizes[0], sizes[1]))
    ended_by = links.read(store).ended_by
    kinds, modalities, certainties, limits = set(), set(), set(), set()
    for one, other in pairwise(nodes):
        if projected.graph.has_edge(one, other):
            continue
        link, support, held = min(
            (
                (link, support, _held_by(link, support, projected.filters, everything, ended_by))
                for link in everything.between(one, other)
                for support in link.supports
            ),
            key=lambda found: (len(found[2]), found[0].kind, found[1].fact),
        )
        limits |= held
        kinds |= {link.kind} if "kinds" in held else set()
        modalities |= {support.modality} if "modalities" in held else set()
        certainties |= {support.certainty} if "certainties" in held else set()
    return Nothing(
        "filtered",
        (),
        len(nodes) - 1,
        tuple(sorted(kinds)),
        tuple(sorted(modalities)),
        tuple(sorted(certainties)),
        tuple(sorted(limits)),
        _path(everything, nodes),
    )


def _held_by(link: Link, support: Support, filters: Filters, everything: Projection, ended_by: date | None) -> set[str]:
    """Name the filters that leave a fact of a link out."""
    wanted = filters.selection
    held = set()
    if filters.kinds is not None and link.kind not in filters.kinds:
        held.add("kinds")
    if wanted.modalities and support.modality not in wanted.modalities:
        held.add("modalities")
    if wanted.certainties and support.certainty not in wanted.certainties:
        held.add("certainties")
    if not passes(support, Selection(as_of=wanted.as_of), ended_by):
        held.add("as_of")
    ends = (link.source, link.target)
    if filters.classes is not None and not all(everything.classes[end] in filters.classes for end in ends):
        held.add("classes")
    # Whatever none of these holds back lies outside of the zone.
    return held or {"zone"}

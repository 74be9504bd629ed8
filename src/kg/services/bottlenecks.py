"""What a chain can't do without, as far as the documents tell: what everything downstream must pass.

Notes
-----
*dominator*: on the flow of one chain, a segment or product that every way from upstream to another one leads through
[1]_; without it, that one is cut off. The flow goes from a segment to the one that it precedes, from what goes into a
segment to the segment, and from a segment to what comes out of it. Where a product comes out of one segment and goes
into the next, the order of the two says the same as the product does, and isn't a second way. The sources are those
that nothing flows into (of a circle that nothing flows into, all of it).

*sole performer*: an actor that alone is reported in a segment. Without it the segment stops, and with the segment what
lies downstream of it alone.

That the documents name one way, or one firm, doesn't mean that there is no other: 未见报道 isn't 无.

References
----------
.. [1] Cooper, K. D., Harvey, T. J., Kennedy, K. *A Simple, Fast Dominance Algorithm*. Rice University, TR-06-33870
   (2006), https://hdl.handle.net/1911/96345
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import networkx as nx

from kg.services import projection
from kg.services.links import Link, Resting
from kg.services.projection import ALL, Filters
from kg.store.protocol import Reader

#: A list is cut here whatever is asked for.
ROWS_MAX: Final = 200
#: Longer chains aren't looked at for bottlenecks, for the work grows with the square; a drawing holds fewer.
SEGMENTS_MAX: Final = 400
#: Kinds of link that make the flow of a chain.
FLOW: Final = frozenset({"hasSegment", "precedes", "hasInput", "hasOutput", "inSegment"})
#: Classes of those who perform a segment; a facility or a project is someone's, and a product does nothing.
ACTORS: Final = frozenset(
    {
        *("Enterprise", "Organization", "University", "ResearchInstitute", "GovernmentBody", "ServiceAgency"),
        *("FinancialInstitution", "ResearchTeam", "Person", "Platform", "Fund", "DevelopmentZone"),
    }
)

#: Where a flow starts that nothing flows into; no IRI.
_ROOT: Final = ""


@dataclass(frozen=True, slots=True)
class Bottleneck(Resting):
    """What a chain can't do without, as far as the documents tell.

    Attributes
    ----------
    role
        ``segment`` or ``product`` (a dominator), or ``performer`` (alone in the segments of `stops`).
    entities
        Segments and products downstream that are cut off, in the order of their IRIs.
    stops
        For a performer, the segments that stop.
    links
        The links that this rests on.
    """

    chain: str
    entity: str
    role: Literal["segment", "product", "performer"]
    entities: Sequence[str]
    stops: Sequence[str]
    links: Sequence[Link]


@dataclass(frozen=True, slots=True)
class Bottlenecks:
    """Those with most downstream first; `total` counts all of them, `too_long` names chains that weren't looked at."""

    rows: Sequence[Bottleneck]
    total: int
    too_long: Sequence[str]


def of_chains(
    store: Reader, filters: Filters = ALL, *, chain: str | None = None, max_rows: int = ROWS_MAX
) -> Bottlenecks:
    """Return what each chain can't do without, those with most downstream first.

    Parameters
    ----------
    filters
        Which links count; kinds of link other than `FLOW` don't make a chain's flow and aren't looked at.
    chain
        IRI of one chain; None for all.
    max_rows
        1 to `ROWS_MAX`.

    Notes
    -----
    What cuts nothing off but itself isn't listed. A performer is listed if it stops a segment, though nothing may lie
    downstream.
    """
    kinds = FLOW if filters.kinds is None else FLOW & filters.kinds
    projected = projection.project(store, Filters(filters.selection, kinds, filters.classes, filters.zone))
    segments: dict[str, set[str]] = defaultdict(set)
    for link in projected.links:
        if link.kind == "hasSegment":
            segments[link.source].add(link.target)
    of_segment: dict[str, list[Link]] = defaultdict(list)
    for link in projected.links:
        if link.kind != "hasSegment":
            of_segment[link.target if link.kind == "inSegment" else link.source].append(link)
    found: list[Bottleneck] = []
    wanted = sorted(segments) if chain is None else [chain] if chain in segments else []
    too_long = [iri for iri in wanted if len(segments[iri]) > SEGMENTS_MAX]
    for iri in wanted:
        if iri not in too_long:
            its = [link for segment in sorted(segments[iri]) for link in of_segment[segment]]
            found += _of_chain(projected.classes, iri, segments[iri], its)
    found.sort(key=lambda b: (-len(b.entities) - len(b.stops), b.chain, b.entity))
    return Bottlenecks(found[: max(1, min(max_rows, ROWS_MAX))], len(found), too_long)


def _of_chain(classes: Mapping[str, str], chain: str, segments: set[str], links: Sequence[Link]) -> list[Bottleneck]:
    inside = [
        link
        for link in links
        if link.kind in {"hasInput", "hasOutput"} or (link.kind == "precedes" and link.target in segments)
    ]
    flow = _flow(segments, inside)
    performers: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        if link.kind == "inSegment" and classes[link.source] in ACTORS:
            performers[link.target].append(link)
    found: list[Bottleneck] = []
    dominated = _dominated(flow)
    for node in sorted(dominated):
        rest = _among(inside, {node, *dominated[node]})
        role: Literal["segment", "product"] = "segment" if node in segments else "product"
        found.append(Bottleneck(chain, node, role, sorted(dominated[node]), (), rest))
    alone: dict[str, list[Link]] = defaultdict(list)
    for _, of_segment in sorted(performers.items()):
        if len({link.source for link in of_segment}) == 1:
            alone[of_segment[0].source] += of_segment
    for actor, its in sorted(alone.items()):
        stops = {link.target for link in its}
        cut = _cut_by(flow, stops)
        found.append(
            Bottleneck(chain, actor, "performer", sorted(cut), sorted(stops), [*its, *_among(inside, stops | cut)])
        )
    return found


def _among(links: Iterable[Link], entities: set[str]) -> list[Link]:
    return [link for link in links if link.source in entities and link.target in entities]


def _flow(segments: Iterable[str], links: Sequence[Link]) -> "nx.DiGraph[str]":
    """Return the flow of a chain, from `_ROOT` to everything."""
    out: dict[str, set[str]] = defaultdict(set)
    into: dict[str, set[str]] = defaultdict(set)
    for link in links:
        if link.kind == "hasOutput":
            out[link.source].add(link.target)
        elif link.kind == "hasInput":
            into[link.source].add(link.target)
    flow: nx.DiGraph[str] = nx.DiGraph()
    flow.add_node(_ROOT)
    flow.add_nodes_from(sorted(segments))
    for link in links:
        if link.kind == "hasInput":
            flow.add_edge(link.target, link.source)
        elif link.kind == "hasOutput" or not out[link.source] & into[link.target]:
            flow.add_edge(link.source, link.target)
    inside: Any = flow.subgraph([node for node in flow if node != _ROOT])
    circles = nx.condensation(inside)
    for circle in circles:
        if not circles.in_degree(circle):
            flow.add_edges_from((_ROOT, node) for node in sorted(circles.nodes[circle]["members"]))
    return flow


def _dominated(flow: "nx.DiGraph[str]") -> Mapping[str, set[str]]:
    """Return for each dominator all that it dominates, itself not among them."""
    above = nx.immediate_dominators(flow, _ROOT)
    found: dict[str, set[str]] = defaultdict(set)
    for node in above:
        step = above.get(node)
        while step is not None and step not in {_ROOT, node}:
            found[step].add(node)
            step = above.get(step)
    return found


def _cut_by(flow: "nx.DiGraph[str]", removed: set[str]) -> set[str]:
    """Return what can't be reached any more from upstream without some segments, themselves not among it."""
    left: Any = flow.copy()
    left.remove_nodes_from(removed)
    reached: set[str] = nx.descendants(left, _ROOT)
    return set(flow) - removed - {_ROOT} - reached

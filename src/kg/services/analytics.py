"""Graph measures: who is most connected, who bridges, and which groups hold together.

Notes
-----
All of them stand on one projection (`kg.services.projection`) and are computed once for a version of the graph and a
filter. The filters decide which links count; the kind and zone of a ranking only decide which entities it lists, so
that a value means the same in every list.

*degree* is the number of distinct neighbours, whatever the number of links to each and whichever way they point;
its share is divided by the number of the other entities, :math:`n - 1` [1]_.

*betweenness* is the share of shortest paths between two other entities that lead through this one, summed over all
pairs and divided by the number of pairs :math:`(n-1)(n-2)/2` [1]_, by Brandes' algorithm [2]_ without weights. Beyond
`EXACT_STEPS` it is estimated from as many starting points as fit, drawn with a fixed seed [3]_; the result says so.

*community* is a part of the partition that the Louvain method [4]_ finds with a fixed seed on nodes in the order of
their IRIs: the same graph gives the same communities. Links count by their weight. They are numbered by size.

*articulation* says that its removal would cut others off (`kg.services.bridges`).

What the documents don't report isn't there: a low value says that little is reported, and not that little is.

References
----------
.. [1] Freeman, L. C. Centrality in social networks: conceptual clarification. *Social Networks* 1 (1978) 215-239,
   https://doi.org/10.1016/0378-8733(78)90021-7
.. [2] Brandes, U. A faster algorithm for betweenness centrality. *J. Math. Sociol.* 25 (2001) 163-177,
   https://doi.org/10.1080/0022250X.2001.9990249
.. [3] Brandes, U., Pich, C. Centrality estimation in large networks. *Int. J. Bifurcation Chaos* 17 (2007) 2303-2318,
   https://doi.org/10.1142/S0218127407018403
.. [4] Blondel, V. D., et al. Fast unfolding of communities in large networks. *J. Stat. Mech.* (2008) P10008,
   https://doi.org/10.1088/1742-5468/2008/10/P10008
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import networkx as nx

from kg.services import links, projection
from kg.services.links import Link, Resting, documents_of
from kg.services.projection import ALL, Filters, Projection
from kg.services.remembered import per_version
from kg.store.protocol import Reader

#: What a ranking can go by; each has its definition under ``analysis.definition.<code>`` in the interface's strings.
MEASURES: Final = ("degree", "betweenness")
#: Nodes times (nodes + edges) up to which betweenness is exact; beyond, the starting points are as many as fit.
EXACT_STEPS: Final = 2_000_000
#: The fewest starting points of an estimate.
PIVOTS_MIN: Final = 8
#: Seed of what is drawn: the same graph gives the same result.
SEED: Final = 20251130
#: A list is cut here whatever is asked for.
ROWS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Measure:
    """What the measures say of one entity.

    Attributes
    ----------
    degree
        Number of distinct neighbours.
    degree_share
        The same divided by the number of other entities, 0 to 1.
    betweenness
        0 to 1; estimated where the analysis says so.
    community
        Number of its community, 1 for the largest.
    articulation
        Whether its removal cuts others off.
    """

    degree: int
    degree_share: float
    betweenness: float
    community: int
    articulation: bool

    def value(self, measure: str) -> float:
        """Return the value of a measure of `MEASURES`."""
        return self.degree if measure == "degree" else self.betweenness


@dataclass(frozen=True, slots=True)
class Community(Resting):
    """A group of entities that are linked among themselves more than with others.

    Attributes
    ----------
    members
        The most connected first.
    links
        The links among them.
    """

    number: int
    members: Sequence[str]
    links: Sequence[Link]


@dataclass(frozen=True)
class Analysis:
    """The measures of a projection.

    Attributes
    ----------
    pivots
        Starting points that betweenness was estimated from; None where it is exact.
    modularity
        How far the communities are from chance: the share of links inside them beyond what is expected.
    """

    projection: Projection
    by_entity: Mapping[str, Measure]
    communities: Sequence[Community]
    pivots: int | None
    modularity: float


@dataclass(frozen=True, slots=True)
class Row:
    """An entity in a ranking, with the links that its value rests on.

    Attributes
    ----------
    links
        Its links; for betweenness, too, they are what puts it between others.
    documents
        The documents that they stand in; with one alone the value is one author's view.
    """

    entity: str
    value: float
    measure: Measure
    links: Sequence[Link]
    documents: Sequence[str]

    @property
    def one_document(self) -> bool:
        """Whether all of it rests on one document."""
        return len(self.documents) == 1


@dataclass(frozen=True, slots=True)
class Ranking:
    """Entities in the order of a measure, the highest first.

    Attributes
    ----------
    definition
        Code of the measure's definition.
    total
        How many entities there are of the kind and zone; `rows` may be fewer.
    entities
        How many entities the measure was computed over.
    pivots
        As in `Analysis`, for betweenness alone.
    """

    definition: str
    rows: Sequence[Row]
    total: int
    entities: int
    pivots: int | None


def measures(store: Reader, filters: Filters = ALL) -> Mapping[str, Measure]:
    """Return what the measures say of each entity that a link reaches.

    Parameters
    ----------
    filters
        Which links count.

    Notes
    -----
    Entities without a counted link aren't in it.
    """
    return analyse(store, filters).by_entity


def analyse(store: Reader, filters: Filters = ALL) -> Analysis:
    """Compute degree, betweenness, communities and articulation of the links that count."""
    return _analyse(store, projection.canonical(store, filters))


@per_version(answers_max=projection.KEPT)
def _analyse(store: Reader, filters: Filters) -> Analysis:
    projected = projection.project(store, filters)
    graph = projected.graph
    # Whole numbers in the order of the IRIs: sets of them are walked in the same order in every process.
    names = list(graph)
    number_of = {name: node for node, name in enumerate(names)}
    plain: nx.Graph[int] = nx.Graph()
    plain.add_nodes_from(range(len(names)))
    for one, other in graph.edges:
        plain.add_edge(number_of[one], number_of[other], weight=graph.edges[one, other]["weight"])
    size = len(names)
    between, pivots = _betweenness(plain)
    parts = _partition(plain)
    cuts = set(nx.articulation_points(plain))
    community = {node: number for number, part in enumerate(parts, 1) for node in part}
    by_entity = {
        name: Measure(
            plain.degree[node],
            plain.degree[node] / (size - 1) if size > 1 else 0.0,
            between[node],
            community[node],
            node in cuts,
        )
        for node, name in enumerate(names)
    }
    inside: dict[int, list[Link]] = {number: [] for number in range(1, len(parts) + 1)}
    for link in projected.links:
        number = by_entity[link.source].community
        if number == by_entity[link.target].community:
            inside[number].append(link)
    communities = [
        Community(
            number,
            sorted((names[n] for n in part), key=lambda iri: (-by_entity[iri].degree, iri)),
            tuple(inside[number]),
        )
        for number, part in enumerate(parts, 1)
    ]
    modularity = nx.community.modularity(plain, parts) if graph.number_of_edges() else 0.0
    return Analysis(projected, by_entity, communities, pivots, modularity)


def _betweenness(graph: "nx.Graph[int]") -> tuple[dict[int, float], int | None]:
    size = graph.number_of_nodes()
    step = size + graph.number_of_edges()
    if size * step <= EXACT_STEPS:
        return nx.betweenness_centrality(graph, normalized=True), None
    pivots = min(size, max(PIVOTS_MIN, EXACT_STEPS // step))
    return nx.betweenness_centrality(graph, k=pivots, normalized=True, seed=SEED), pivots


def _partition(graph: "nx.Graph[int]") -> list[set[int]]:
    if not graph:
        return []
    parts = nx.community.louvain_communities(graph, weight="weight", seed=SEED)
    return sorted(parts, key=lambda part: (-len(part), min(part)))


def ranking(
    store: Reader,
    measure: str = "degree",
    filters: Filters = ALL,
    *,
    kind: str | None = None,
    zone: str | None = None,
    max_rows: int = 50,
) -> Ranking:
    """Rank entities by a measure.

    Parameters
    ----------
    measure
        One of `MEASURES`; anything else counts as degree.
    filters
        Which links count.
    kind
        List only entities of this class (local name).
    zone
        List only what belongs to this zone, as `links.Links.zones` has it.
    max_rows
        1 to `ROWS_MAX`.

    Notes
    -----
    Equal values stand in the order of the other measure, then of the IRIs. For betweenness those that no shortest path
    leads through aren't listed.
    """
    analysis = analyse(store, filters)
    measure = measure if measure in MEASURES else MEASURES[0]
    members = None if zone is None else links.read(store).zones.get(zone, frozenset())
    listed = [
        (iri, m)
        for iri, m in analysis.by_entity.items()
        if (kind is None or analysis.projection.classes[iri] == kind)
        and (members is None or iri in members)
        and m.value(measure) > 0
    ]
    listed.sort(key=lambda item: (-item[1].value(measure), -item[1].betweenness, -item[1].degree, item[0]))
    rows = []
    for iri, m in listed[: max(1, min(max_rows, ROWS_MAX))]:
        its = analysis.projection.of(iri)
        rows.append(Row(iri, m.value(measure), m, its, documents_of(its)))
    pivots = analysis.pivots if measure == "betweenness" else None
    return Ranking(measure, rows, len(listed), len(analysis.by_entity), pivots)


def kinds(store: Reader, filters: Filters = ALL) -> dict[str, int]:
    """Count the entities of each class that the links reach."""
    counts: dict[str, int] = {}
    for name in projection.project(store, filters).classes.values():
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

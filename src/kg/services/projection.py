"""The projection: which facts count as links between entities, in which direction and with which weight.

Every graph measure, the path finder and the colours of the explorer stand on this one function.

Notes
-----
*What a node is.* An entity at one end of a link that counts. An entity without any is no node, and its absence says
nothing of the world.

*What a link is.* Two entities, a direction and a kind. The kind is the local name of a property of the ontology, so
that it has a label in both languages. A link rests on facts, never on triples: the direct triples that the loader
derives from facts aren't read, so nothing counts twice. What is merely descriptive (the hierarchy of divisions, the
template that a chain follows) has no evidence and makes no link.

*How facts project.*

==================== =====================================================================================
fact                 links
==================== =====================================================================================
Claim                subject → object, of the predicate's kind, where both are entities
Partnership          ``partnerOf`` between each two partners (no direction; who leads is a partner), partner → topic
                     ``topic``, partner → outcome ``outcome``
Investment           investor → target ``investsIn``
Supply               supplier → customer ``suppliesTo``, supplier → product ``product``, product → customer ``customer``
ChainRole            chain → member, ``chainLeader`` for a leader and ``member`` else
Position             person → organization ``worksFor``
Certification, award holder → authority ``authority``, holder → event ``event``, holder → topic ``topic``
ProjectMilestone     project → authority ``authority``, project → event ``event``
StatusReport,        what it is about → authority, event, and who or what set the target (``setBy``)
observation
==================== =====================================================================================

A fact that names one entity alone (a milestone, a figure) makes no link. A partnership of more than
`links.PARTNERS_MAX` makes none among its partners, for their number grows with the square.

*Direction* is the fact's own. Connection is counted without it; chains and the steps of a path show it.

*Weight* of a pair of entities is the number of kinds of link between them: five reports of one claim don't make the
link five times as strong. Communities use the weight; degree and betweenness don't.

*What is left out unless it is asked for*: `ASIDE`, kinds of link that speak of the documents (who wrote, who printed)
or of the records (two that may be one), and not of the world.

References
----------
.. [1] Facts, modality and evidence: ``ontology/fact.ttl``.
.. [2] *Defining N-ary Relations on the Semantic Web*. W3C Working Group Note, 2006,
   https://www.w3.org/TR/swbp-n-aryRelations/
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

import networkx as nx

from kg.model.vocabulary import ENTITY_SEGMENTS
from kg.services.links import EVERYTHING, Link, Links, Support, documents_of, passes
from kg.services.links import read as links
from kg.services.remembered import per_version
from kg.services.selection import Selection
from kg.store.protocol import Reader

#: What the links are made of goes with the projection: callers need one module.
__all__ = (
    "ALL",
    "ASIDE",
    "Filters",
    "Link",
    "Links",
    "Projection",
    "Support",
    "canonical",
    "documents_of",
    "links",
    "passes",
    "project",
)

#: Kinds of link that aren't counted unless they are named.
ASIDE: Final = frozenset({"possiblySameAs", "authoredBy", "publishedBy", "pictureProvidedBy"})
#: Projections that are kept at once for different filters; each holds the whole graph.
KEPT: Final = 8


@dataclass(frozen=True, slots=True)
class Filters:
    """Which links count. None stands for no limit, and for `kinds` for all but `ASIDE`; an empty set lets none through.

    Attributes
    ----------
    selection
        As of which day, of which modalities and certainties; a link counts by those of its facts that are selected.
        Without a day, what has ended by the graph's own date is left out: the rule of the direct triples.
    kinds
        Kinds of link (local names of properties).
    classes
        Classes of entities (local names); both ends must be of one of them.
    zone
        IRI of a zone; both ends must belong to it (`links.Links.zones` says what belongs).
    """

    selection: Selection = EVERYTHING
    kinds: frozenset[str] | None = None
    classes: frozenset[str] | None = None
    zone: str | None = None


ALL: Final = Filters()


@dataclass(frozen=True)
class Projection:
    """The links that pass a filter, as an undirected networkx graph.

    Attributes
    ----------
    graph
        Nodes in the order of their IRIs, so that whatever walks it is repeatable; each edge has `links` (every link
        between the two, whichever way it points) and `weight` (the number of their kinds). It isn't changed.
    classes
        The class of each node.
    """

    filters: Filters
    graph: "nx.Graph[str]"
    classes: Mapping[str, str]
    links: Sequence[Link] = field(repr=False)

    def between(self, one: str, other: str) -> tuple[Link, ...]:
        """Return the links between two entities, in both directions."""
        found: tuple[Link, ...] = self.graph.edges[one, other]["links"] if self.graph.has_edge(one, other) else ()
        return found

    def of(self, entity: str) -> list[Link]:
        """Return the links of an entity, those to one neighbour side by side."""
        if entity not in self.graph:
            return []
        return [link for other in self.graph[entity] for link in self.between(entity, other)]


def project(store: Reader, filters: Filters = ALL) -> Projection:
    """Return the links that count, as a graph.

    Parameters
    ----------
    filters
        Which links count.

    Returns
    -------
    Projection
        The same object for the same version of the store and the same filters, as long as it is kept (`KEPT`).
    """
    return _project(store, canonical(store, filters))


def canonical(store: Reader, filters: Filters) -> Filters:
    """Return the filters that let through the same, of which there are few.

    Notes
    -----
    What is kept is kept by these: names that the graph doesn't know are left out, and a day becomes the last one before
    it on which anything changes. So neither made-up names nor made-up days make the same computed again.
    """
    known = links(store)
    kinds = frozenset(known.kinds())
    zone = filters.zone if filters.zone is None or filters.zone in known.zones else ""
    selection = filters.selection
    if selection.as_of is not None:
        place = bisect_right(known.days, selection.as_of)
        selection = replace(selection, as_of=known.days[place - 1] if place else date.min)
    return replace(
        filters,
        selection=selection,
        kinds=kinds - ASIDE if filters.kinds is None else filters.kinds & kinds,
        classes=None if filters.classes is None else filters.classes & frozenset(ENTITY_SEGMENTS),
        zone=zone,
    )


@per_version(answers_max=KEPT)
def _project(store: Reader, filters: Filters) -> Projection:
    every = links(store)
    members = None if filters.zone is None else every.zones.get(filters.zone, frozenset())
    counted: list[Link] = []
    pairs: dict[tuple[str, str], list[Link]] = defaultdict(list)
    for link in every.links:
        if filters.kinds is not None and link.kind not in filters.kinds:
            continue
        ends = (link.source, link.target)
        if filters.classes is not None and not all(every.classes.get(end, "") in filters.classes for end in ends):
            continue
        if members is not None and not all(end in members for end in ends):
            continue
        supports = tuple(s for s in link.supports if passes(s, filters.selection, every.ended_by))
        if supports:
            kept = link if len(supports) == len(link.supports) else replace(link, supports=supports)
            counted.append(kept)
            pairs[min(ends), max(ends)].append(kept)
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(sorted({end for pair in pairs for end in pair}))
    for (one, other), between in sorted(pairs.items()):
        graph.add_edge(one, other, links=tuple(between), weight=len({link.kind for link in between}))
    return Projection(filters, nx.freeze(graph), {iri: every.classes.get(iri, "") for iri in graph}, counted)

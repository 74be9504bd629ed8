"""Common neighbours of two entities, and entities that are linked alike.

Notes
-----
*common neighbours*: entities linked with both, by whatever kind of link. Those with few other neighbours come first,
for they tell more of the two than a hub that everybody is linked with [1]_.

*similarity*: a trait of an entity is a neighbour together with the kind and the direction of the link, so that a firm
that produces a thing and one that uses it aren't alike by it. The similarity of two is the Jaccard index [2]_ of their
traits, the share of those that both have among those that one has, 0 to 1; of equal ones, those whose common traits
are rarer come first (the sum of :math:`1 / \\ln n` over the common traits, :math:`n` being the number of entities that
have it [1]_).

References
----------
.. [1] Adamic, L. A., Adar, E. Friends and neighbors on the Web. *Social Networks* 25 (2003) 211-230,
   https://doi.org/10.1016/S0378-8733(03)00009-1
.. [2] Jaccard, P. The distribution of the flora in the alpine zone. *New Phytologist* 11 (1912) 37-50,
   https://doi.org/10.1111/j.1469-8137.1912.tb05611.x
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Final

from kg.errors import NotFound
from kg.model.vocabulary import BASE
from kg.services import projection
from kg.services.explore import statements_of
from kg.services.links import Link, Resting
from kg.services.projection import ALL, Filters, Projection
from kg.services.remembered import per_version
from kg.store.protocol import Reader
from kg.store.sparql import iri

#: A list is cut here whatever is asked for.
ROWS_MAX: Final = 200
#: Entities that are compared with one: traits are taken from the rarest on until so many have been looked at.
COMPARED_MAX: Final = 200_000

#: A neighbour with the kind of link, and whether the link points to it (0 where the kind has no direction).
Trait = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class CommonNeighbour(Resting):
    """An entity that two have links with: those of the one, those of the other, and both."""

    entity: str
    one: Sequence[Link]
    other: Sequence[Link]
    links: Sequence[Link]


@dataclass(frozen=True, slots=True)
class Common:
    """The common neighbours of two entities, those with the fewest neighbours first; `rows` may be cut."""

    one: str
    other: str
    rows: Sequence[CommonNeighbour]
    total: int


@dataclass(frozen=True, slots=True)
class Similar(Resting):
    """An entity that is linked like another.

    Attributes
    ----------
    similarity
        Jaccard index of the traits, 0 to 1.
    shared
        The neighbours that both have by the same kind of link, in the order of their IRIs.
    links
        The links of both to these.
    """

    entity: str
    similarity: float
    shared: Sequence[str]
    links: Sequence[Link]


@dataclass(frozen=True, slots=True)
class Similarity:
    """The entities most like one.

    Attributes
    ----------
    total
        How many have any trait in common with it.
    complete
        Whether all traits were looked at; else the commonest weren't, and the indices are lower bounds.
    """

    entity: str
    rows: Sequence[Similar]
    total: int
    complete: bool = True


def common(store: Reader, one: str, other: str, filters: Filters = ALL, *, max_rows: int = 50) -> Common:
    """Return the common neighbours of two entities with the links of both sides.

    Raises
    ------
    NotFound
        If the graph doesn't know one of them.
    """
    _require(store, one)
    _require(store, other)
    projected = projection.project(store, filters)
    graph = projected.graph
    both = (set(graph[one]) & set(graph[other])) - {one, other} if one in graph and other in graph else set()
    order = sorted(both, key=lambda iri: (graph.degree[iri], iri))
    rows = [
        CommonNeighbour(
            iri, ones := projected.between(one, iri), others := projected.between(other, iri), ones + others
        )
        for iri in order[: max(1, min(max_rows, ROWS_MAX))]
    ]
    return Common(one, other, rows, len(both))


def similar(
    store: Reader, entity: str, filters: Filters = ALL, *, same_class: bool = True, max_rows: int = 20
) -> Similarity:
    """Return the entities that are linked most like one.

    Parameters
    ----------
    filters
        Which links count.
    same_class
        Compare only with entities of its class: firms with firms.
    max_rows
        1 to `ROWS_MAX`.

    Raises
    ------
    NotFound
        If the graph doesn't know it.
    """
    _require(store, entity)
    projected = projection.project(store, filters)
    traits = _traits(store, projected.filters)
    own = traits.of.get(entity, frozenset())
    shared: Counter[str] = Counter()
    rarity: dict[str, float] = defaultdict(float)
    compared = 0
    complete = True
    for trait in sorted(own, key=lambda t: (len(traits.holders[t]), t)):
        holders = traits.holders[trait]
        compared += len(holders)
        if compared > COMPARED_MAX:
            complete = False
            break
        for holder in holders:
            if holder != entity and (not same_class or projected.classes[holder] == projected.classes[entity]):
                shared[holder] += 1
                rarity[holder] += 1 / log(len(holders))

    def index(holder: str) -> float:
        return shared[holder] / (len(own) + len(traits.of[holder]) - shared[holder])

    order = sorted(shared, key=lambda holder: (-index(holder), -rarity[holder], holder))
    rows = []
    for holder in order[: max(1, min(max_rows, ROWS_MAX))]:
        in_common = own & traits.of[holder]
        rows.append(
            Similar(
                holder,
                index(holder),
                sorted({neighbour for _, _, neighbour in in_common}),
                [*_links(projected, entity, in_common), *_links(projected, holder, in_common)],
            )
        )
    return Similarity(entity, rows, len(shared), complete)


def _require(store: Reader, entity: str) -> None:
    if entity not in projection.links(store).entities and not statements_of(store, iri(entity).value):
        raise NotFound("entity", entity.removeprefix(BASE), "Look for its name under /search.")


@dataclass(frozen=True, slots=True)
class _Traits:
    of: Mapping[str, frozenset[Trait]]
    holders: Mapping[Trait, Sequence[str]]


@per_version(answers_max=projection.KEPT)
def _traits(store: Reader, filters: Filters) -> _Traits:
    of: dict[str, set[Trait]] = defaultdict(set)
    holders: dict[Trait, list[str]] = defaultdict(list)
    for link in projection.project(store, filters).links:
        for end in (link.source, link.target):
            of[end].add(_trait(link, end))
    for holder in sorted(of):
        for trait in of[holder]:
            holders[trait].append(holder)
    return _Traits({iri: frozenset(its) for iri, its in of.items()}, holders)


def _trait(link: Link, end: str) -> Trait:
    direction = 0 if not link.directed else 1 if end == link.source else -1
    return (link.kind, direction, link.other(end))


def _links(projected: Projection, end: str, traits: Iterable[Trait]) -> list[Link]:
    wanted = set(traits)
    neighbours = sorted({neighbour for _, _, neighbour in wanted})
    return [k for neighbour in neighbours for k in projected.between(end, neighbour) if _trait(k, end) in wanted]

"""Bridges: entities whose removal would cut others off from the rest.

Notes
-----
*articulation*: an entity whose removal leaves its neighbours in separate parts [1]_. What is cut off are all the parts
but the largest (of equal ones, the part with the first IRI stays). Direction doesn't matter.

That the documents report one link alone doesn't mean that there is no other: 未见报道 isn't 无.

References
----------
.. [1] Hopcroft, J., Tarjan, R. Algorithm 447: efficient algorithms for graph manipulation. *Comm. ACM* 16 (1973)
   372-378, https://doi.org/10.1145/362248.362272
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import networkx as nx

from kg.services import projection
from kg.services.links import Link, Resting
from kg.services.projection import ALL, Filters, Projection
from kg.services.remembered import per_version
from kg.store.protocol import Reader

#: A list is cut here whatever is asked for.
ROWS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class CutOff(Resting):
    """An entity whose removal cuts others off.

    Attributes
    ----------
    entities
        Those cut off, the most connected first.
    parts
        In how many separate parts they are.
    links
        Its links to those that are cut off.
    """

    entity: str
    entities: Sequence[str]
    parts: int
    links: Sequence[Link]


@dataclass(frozen=True, slots=True)
class CutOffs:
    """Those that cut most off first; `total` counts all that cut anything off."""

    rows: Sequence[CutOff]
    total: int


def cut_offs(
    store: Reader,
    filters: Filters = ALL,
    *,
    kind: str | None = None,
    zone: str | None = None,
    max_rows: int = 50,
) -> CutOffs:
    """Return the entities whose removal cuts others off, with those that are cut off.

    Parameters
    ----------
    filters
        Which links count.
    kind, zone
        List only entities of this class, or of this zone; what is cut off is counted in the whole projection.
    max_rows
        1 to `ROWS_MAX`.
    """
    projected = projection.project(store, filters)
    members = None if zone is None else projection.links(store).zones.get(zone, frozenset())
    tree = _tree(store, projected.filters)
    listed = [
        (name, sum(sizes))
        for name, sizes in tree.cut.items()
        if (kind is None or projected.classes[name] == kind) and (members is None or name in members)
    ]
    listed.sort(key=lambda item: (-item[1], item[0]))
    rows = []
    for name, _ in listed[: max(1, min(max_rows, ROWS_MAX))]:
        parts = tree.parts(name)
        cut = {iri for part in parts for iri in part}
        entities = sorted(cut, key=lambda iri: (-projected.graph.degree[iri], iri))
        rows.append(CutOff(name, entities, len(parts), [k for k in projected.of(name) if k.other(name) in cut]))
    return CutOffs(rows, len(listed))


class _Tree:
    """The tree of blocks and articulation points, by which parts are counted without removing anything.

    A block is a set of entities that no single removal separates. The removal of an articulation point separates the
    blocks that it joins, each with all that hangs on it.
    """

    def __init__(self, projected: Projection) -> None:
        graph = projected.graph
        self._cuts = set(nx.articulation_points(graph))
        # The stubs take the blocks for sets of sets.
        blocks: Any = nx.biconnected_components(graph)
        self._blocks: list[list[str]] = sorted(sorted(block) for block in blocks)
        self._at: dict[str, list[int]] = defaultdict(list)
        for number, block in enumerate(self._blocks):
            for name in block:
                if name in self._cuts:
                    self._at[name].append(number)
        self._sizes: dict[tuple[str, int], int] = {}
        for number in range(len(self._blocks)):
            self._measure(number)
        #: Sizes of the parts that each cuts off, the one that stays left out.
        self.cut = {name: [self._sizes[name, b] for b in self._others(name)] for name in sorted(self._cuts)}

    def _measure(self, root: int) -> None:
        """Count what hangs on each block, seen from each of its articulation points, for the tree of one component."""
        if any((name, root) in self._sizes for name in self._blocks[root]):
            return
        order: list[tuple[int, str | None]] = [(root, None)]
        for block, above in order:
            order += [
                (below, name)
                for name in self._blocks[block]
                if name in self._cuts and name != above
                for below in self._at[name]
                if below != block
            ]
        down: dict[int, int] = {}
        for block, above in reversed(order):
            down[block] = sum(
                1 + sum(down[b] for b in self._at[name] if b != block) if name in self._cuts else 1
                for name in self._blocks[block]
                if name != above
            )
            if above is not None:
                self._sizes[above, block] = down[block]
        whole = down[root]
        for block, _ in order:
            for name in self._blocks[block]:
                if name in self._cuts and (name, block) not in self._sizes:
                    # The part above is what is neither this one nor hangs on it.
                    below = sum(down[b] for b in self._at[name] if b != block)
                    self._sizes[name, block] = whole - 1 - below

    def _others(self, name: str) -> list[int]:
        """Return the blocks of a point without the one with the largest part."""
        stays = max(self._at[name], key=lambda b: (self._sizes[name, b], -b))
        return [b for b in self._at[name] if b != stays]

    def parts(self, name: str) -> list[list[str]]:
        """Return the entities of each part that the removal of an entity cuts off."""
        return [self._beyond(name, block) for block in self._others(name)]

    def _beyond(self, name: str, block: int) -> list[str]:
        found: set[str] = set()
        left, seen = [block], {block}
        while left:
            for member in self._blocks[left.pop()]:
                if member != name and member not in found:
                    found.add(member)
                    new = [b for b in self._at.get(member, ()) if b not in seen]
                    seen.update(new)
                    left += new
        return sorted(found)


@per_version(answers_max=projection.KEPT)
def _tree(store: Reader, filters: Filters) -> _Tree:
    return _Tree(projection.project(store, filters))

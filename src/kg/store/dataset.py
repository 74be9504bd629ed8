"""The dataset of a query whose default graph is made of several graphs: their merge, each triple once.

The engine looks into the graphs one after another, so a triple that stands in two of them is two solutions. The
standard's default graph is an RDF merge, a set. It is made in memory for such a query alone.
"""

from collections.abc import Sequence
from typing import Any, Final

import pyoxigraph as ox

from kg.errors import QueryRefused

#: About 0.7 GB in memory, and a second or two.
MOST_QUADS: Final = 2_000_000


def merged(engine: ox.Store, default_graphs: Sequence[ox.NamedNode], named_graphs: Sequence[ox.NamedNode]) -> ox.Store:
    """Return a store in memory whose default graph is the merge of some graphs, beside the named ones.

    Raises
    ------
    QueryRefused
        If these hold more than two million quads.
    """
    found = ox.Store()
    left = MOST_QUADS
    for target, graphs in ((ox.DefaultGraph(), default_graphs), (None, named_graphs)):
        for graph in graphs:
            quads: list[ox.Quad] = []
            for quad in engine.quads_for_pattern(None, None, None, graph):
                quads.append(quad if target is None else ox.Quad(quad.subject, quad.predicate, quad.object, target))
                if len(quads) > left:
                    raise QueryRefused(
                        f"The merge of the query's graphs has more than {MOST_QUADS:,} triples.",
                        "Ask them one by one, or with GRAPH ?g.",
                    )
            left -= len(quads)
            found.extend(quads)
            if target is None:
                found.add_graph(graph)
    return found


def options(
    default_graphs: Sequence[ox.NamedNode | ox.DefaultGraph], named_graphs: Sequence[ox.NamedNode]
) -> dict[str, Any]:
    """Return what tells the engine to use exactly these graphs."""
    return {"default_graph": list(default_graphs), "named_graphs": list(named_graphs)}


def evaluate(
    engine: ox.Store,
    operation: str,
    base: str | None,
    graphs: tuple[Sequence[ox.NamedNode], Sequence[ox.NamedNode]] | None,
) -> Any:
    """Evaluate a query over a dataset.

    Parameters
    ----------
    engine
        What is asked.
    operation
        The query.
    base
        What its relative IRIs are relative to.
    graphs
        Those of the default graph and the named ones; None: the engine's own.
    """
    if graphs is None:
        return engine.query(operation, base_iri=base)
    default_graphs, named_graphs = (list(dict.fromkeys(part)) for part in graphs)
    if len(default_graphs) < 2:
        return engine.query(operation, base_iri=base, **options(default_graphs, named_graphs))
    whole = merged(engine, default_graphs, named_graphs)
    return whole.query(operation, base_iri=base, **options([ox.DefaultGraph()], named_graphs))

"""Statistics: what the graph holds, counted."""

from dataclasses import dataclass

from kg import paths
from kg.model.label import local_name
from kg.model.vocabulary import ENTITY_SEGMENTS
from kg.store.protocol import Reader, Solution


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of the graph.

    Attributes
    ----------
    entities
        Number of entities by local name of their class; documents are counted apart.
    facts
        Number of facts by local name of their class, then by code of their modality.
    """

    triples: int
    triples_named: int
    graphs_named: int
    documents: int
    evidence: int
    entities: dict[str, int]
    facts: dict[str, dict[str, int]]


def summarise(store: Reader) -> Summary:
    """Count what the graph holds."""
    counted = store.statistics()
    classes = {_local(s, "class"): _count(s) for s in store.select(paths.query("statistics/classes.rq"))}
    facts: dict[str, dict[str, int]] = {}
    for solution in store.select(paths.query("statistics/facts.rq")):
        facts.setdefault(_local(solution, "class"), {})[_local(solution, "modality")] = _count(solution)
    return Summary(
        triples=counted.triples_default,
        triples_named=counted.triples_named,
        graphs_named=counted.graphs_named,
        documents=classes.get("NewsArticle", 0),
        evidence=classes.get("Evidence", 0),
        entities={n: c for n, c in classes.items() if n in ENTITY_SEGMENTS and n != "NewsArticle"},
        facts=facts,
    )


def _local(solution: Solution, name: str) -> str:
    return local_name(str(getattr(solution[name], "value", "")))


def _count(solution: Solution) -> int:
    return int(getattr(solution["count"], "value", "0"))

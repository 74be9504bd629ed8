"""Graphs of links for tests: claims between entities, and their evidence in two documents."""

from collections.abc import Iterable

from kg.model.vocabulary import ID
from kg.store.embedded import EmbeddedStore

PREFIXES = """
@prefix kg: <https://w3id.org/zone-kg/ontology#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@base <https://w3id.org/zone-kg/> .
<id/ev/one> kg:source <id/document/one> .
<id/ev/two> kg:source <id/document/two> .
"""


def e(name: str) -> str:
    """Return the IRI of an enterprise."""
    return f"{ID}enterprise/{name}"


def name(iri: str) -> str:
    """Return the local part of an IRI."""
    return iri.rpartition("/")[2]


def short(iris: Iterable[str]) -> list[str]:
    """Return the local parts of IRIs."""
    return [name(iri) for iri in iris]


def claim(
    number: object, subject: str, predicate: str, target: str, modality: str = "actual", document: str = "one"
) -> str:
    """Return a claim; ends without a class of their own are enterprises."""
    ends = [end if "/" in end else f"enterprise/{end}" for end in (subject, target)]
    return (
        f"<id/claim/{number}> a kg:Claim ; rdf:subject <id/{ends[0]}> ; rdf:predicate kg:{predicate} ; "
        f"rdf:object <id/{ends[1]}> ; kg:modality <scheme/modality/{modality}> ; "
        f"kg:certainty <scheme/certainty/stated> ; kg:evidence <id/ev/{document}> ."
    )


def load(store: EmbeddedStore, *statements: str) -> EmbeddedStore:
    """Let a store hold these statements and nothing else."""
    store.load_graph(None, (PREFIXES + "\n".join(statements)).encode(), "text/turtle", replace=True)
    return store

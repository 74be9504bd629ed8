"""The files of the ontology and what they hold, parsed once."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from rdflib import Graph

ROOT = Path(__file__).parents[2]
KG = "https://w3id.org/zone-kg/ontology#"
SCHEME = "https://w3id.org/zone-kg/scheme/"


def found(pattern: str, at_least: int = 1) -> list[Path]:
    """Return the files that match below the root, sorted; too few mean that the collector looks in the wrong place."""
    paths = sorted(ROOT.glob(pattern))
    assert len(paths) >= at_least, f"{pattern} matches {len(paths)} files"
    return paths


def merged(*patterns: str) -> Graph:
    """Parse all the files that match one of the patterns into one graph."""
    graph = Graph()
    for pattern in patterns:
        for path in found(pattern):
            graph.parse(path)
    return graph


@pytest.fixture(scope="session")
def modules() -> Mapping[str, Graph]:
    """The modules of the ontology by name."""
    return {path.stem: Graph().parse(path) for path in found("ontology/*.ttl", 12)}


@pytest.fixture(scope="session")
def terms(modules: Mapping[str, Graph]) -> Graph:
    """Classes and properties."""
    graph = Graph()
    for module in modules.values():
        graph += module
    return graph


@pytest.fixture(scope="session")
def lists() -> Mapping[str, Graph]:
    """The code lists by name."""
    return {path.stem: Graph().parse(path) for path in found("ontology/codelists/*.ttl", 20)}


@pytest.fixture(scope="session")
def shapes() -> Graph:
    """The shapes."""
    return merged("ontology/shapes/*.ttl")


@pytest.fixture(scope="session")
def data() -> Graph:
    """The graph files as they are kept, without what the loader derives."""
    return merged("graph/*.ttl", "graph/reference/*.ttl")

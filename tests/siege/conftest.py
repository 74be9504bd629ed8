"""A service under siege: its settings are small, so that each limit is met soon."""

import contextlib
import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pyoxigraph as ox
import pytest

from bench.generator import lines
from kg.store.embedded import EmbeddedStore
from kg.store.snapshot import FOLDER
from service import cpu_seconds, environment, family, memory_mb, running
from siege.clients import TOKEN

TIMEOUT_S = 3
SETTINGS = {
    "KG_BASE": "none",
    "KG_LOG_LEVEL": "warning",
    "KG_ADMIN_TOKEN": TOKEN,
    "KG_QUERY_TIMEOUT_S": str(TIMEOUT_S),
    "KG_QUERY_MEMORY_MB": "256",
    "KG_QUERY_MAX_ROWS": "200000",
    "KG_QUERY_MAX_RESULT_MB": "16",
    "KG_UPDATE_MAX_BYTES": "2000000",
    "KG_QUERY_WORKERS": "2",
}
_LABELS = """PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX kg: <https://w3id.org/zone-kg/ontology#>
SELECT ?zone ?label { ?zone a kg:DevelopmentZone ; skos:prefLabel ?label }"""
_PRODUCED = """PREFIX kg: <https://w3id.org/zone-kg/ontology#>
SELECT ?e ?p { ?e kg:inZone <https://w3id.org/zone-kg/id/zone/made-1> ; kg:produces ?p }"""
_MODALITIES = """PREFIX kg: <https://w3id.org/zone-kg/ontology#>
SELECT ?m (COUNT(*) AS ?n) { ?f a kg:Claim ; kg:modality ?m } GROUP BY ?m"""


@dataclasses.dataclass
class Besieged:
    """A service that runs, with what small questions are answered there."""

    port: int
    pid: int
    folder: Path
    questions: list[tuple[str, bytes]]

    def snapshots(self) -> list[str]:
        """Return the names of the copies that are kept."""
        place = self.folder / FOLDER
        return sorted(entry.name for entry in place.iterdir()) if place.exists() else []

    def processes(self) -> list[int]:
        """Return its processes, those included that wait for their burial."""
        return family(self.pid)

    def proportional_mb(self) -> float:
        """Return its memory."""
        return memory_mb(self.pid)[1]

    def busy(self, seconds: float = 1.0) -> float:
        """Return how many processors it takes while nobody asks."""
        before = cpu_seconds(self.processes())
        time.sleep(seconds)
        return (cpu_seconds(self.processes()) - before) / seconds


def fill(folder: Path, triples: int) -> list[tuple[str, bytes]]:
    """Write a generated graph into a data folder; return small questions with their answers as CSV."""
    data = "".join(lines(triples)).encode()
    with EmbeddedStore.open(folder) as store:
        store.load_graph(None, data, "application/n-triples", replace=False)
    engine = ox.Store()
    engine.bulk_load(data, ox.RdfFormat.N_TRIPLES)
    return [
        (query, bytes(engine.query(query).serialize(format=ox.QueryResultsFormat.CSV)))  # type: ignore[call-arg]
        for query in (_LABELS, _PRODUCED, _MODALITIES)
    ]


@contextlib.contextmanager
def besieged(folder: Path, triples: int = 10_000, **settings: str) -> Iterator[Besieged]:
    """Run a service over a generated graph."""
    questions = fill(folder / "data", triples)
    chosen = environment(**SETTINGS, KG_DATA_DIR=str(folder / "data"), **settings)
    with running(folder / "data", chosen, cwd=folder) as service:
        yield Besieged(urlsplit(service["address"]).port or 80, service["pid"], folder / "data", questions)


@pytest.fixture
def siege(tmp_path: Path) -> Iterator[Besieged]:
    with besieged(tmp_path) as service:
        yield service

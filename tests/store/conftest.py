"""The stores that the contract is run against: a further implementation is one more factory.

What an implementation can't do is its `LACKS`, by the marks `needs(…)` of the tests, each with its reason; such a test
is skipped with that reason and nothing else is.
"""

import contextlib
import itertools
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from kg.store.embedded import EmbeddedStore
from kg.store.protocol import Store
from kg.store.remote import Endpoints, RemoteStore
from kg.store.wire import Credentials

sys.path.append(str(Path(__file__).parent.parent / "remote"))

import virtuoso as virtuoso_module

from service import environment, running

TOKEN = "a-token-of-the-tests-alone"  # noqa: S105
_number = itertools.count()


@pytest.fixture(scope="session")
def virtuoso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[virtuoso_module.Virtuoso]:
    """A Virtuoso for all tests of a run."""
    if virtuoso_module.COMMAND is None:
        pytest.skip(virtuoso_module.MISSING)
    with virtuoso_module.running(tmp_path_factory.mktemp("virtuoso")) as started:
        yield started


@pytest.fixture(scope="session")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """A service of this kind without a base, whose default graph takes writes."""
    folder = tmp_path_factory.mktemp("peer") / "data"
    settings = {
        "KG_DATA_DIR": str(folder),
        "KG_BASE": "none",
        "KG_ADMIN_TOKEN": TOKEN,
        "KG_LOG_LEVEL": "warning",
    }
    with running(folder, environment(**settings)) as presence:
        at = presence["address"]
        yield Endpoints(f"{at}/sparql", f"{at}/update", f"{at}/graphs")


def _on_virtuoso(request: pytest.FixtureRequest, _folder: Path) -> Store:
    # A graph of its own for each test: the last one's needn't be cleared away before the next.
    started = request.getfixturevalue("virtuoso")
    return RemoteStore(
        started.endpoints,
        default_graph=f"http://example.org/default/{os.getpid()}/{next(_number)}",
        credentials=virtuoso_module.CREDENTIALS,
    )


def _on_peer(request: pytest.FixtureRequest, _folder: Path) -> Store:
    return RemoteStore(request.getfixturevalue("peer"), credentials=Credentials("bearer", TOKEN))


FACTORIES: dict[str, Callable[[pytest.FixtureRequest, Path], Store]] = {
    "memory": lambda _request, _folder: EmbeddedStore.open(None),
    "disk": lambda _request, folder: EmbeddedStore.open(folder),
    "virtuoso": _on_virtuoso,
    "peer": _on_peer,
}
#: What each can't do, and why.
LACKS: dict[str, Mapping[str, str]] = {
    "memory": {},
    "disk": {},
    "peer": {
        "version": "a service tells nobody its version, so none that changes with every write is known",
    },
    "virtuoso": {
        "version": "it has no version that changes with every write",
        "grammar": "it takes queries that the standard forbids, and gives them a meaning of its own",
        "atomic updates": "it commits the operations of an update one by one, and creates again what is there",
        "empty graphs": "it keeps no graph without a triple",
        "merged default": "it counts a triple once for each graph of the default graph that has it",
        "booleans": "it keeps true and the integer 1 as one object, whichever came last",
        "RDF 1.2": "it knows RDF 1.1 alone",
    },
}


@pytest.fixture(params=sorted(FACTORIES))
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    for mark in request.node.iter_markers("needs"):
        for capability in mark.args:
            if reason := LACKS[request.param].get(capability):
                pytest.skip(f"{request.param}: {reason}")
    opened = FACTORIES[request.param](request, tmp_path / "data")
    yield opened
    opened.close()
    if isinstance(opened, RemoteStore):
        # Another one: the test may have closed its own. A default graph of its own goes with the name.
        with contextlib.closing(FACTORIES[request.param](request, tmp_path / "data")) as again:
            for name in (None, *again.graph_names()):
                again.drop_graph(name)

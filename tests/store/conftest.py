"""The stores that the contract is run against: a further implementation is one more factory."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kg.store.embedded import EmbeddedStore
from kg.store.protocol import Store

FACTORIES: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _folder: EmbeddedStore.open(None),
    "disk": EmbeddedStore.open,
}


@pytest.fixture(params=sorted(FACTORIES))
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = FACTORIES[request.param](tmp_path / "data")
    yield opened
    opened.close()

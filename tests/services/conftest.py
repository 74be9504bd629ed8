"""Stores of a test's own, empty or with the kite, whose measures are known."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kg.store.embedded import EmbeddedStore

KITE = Path(__file__).parent.parent / "data" / "kite.ttl"


@pytest.fixture
def empty() -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(None) as opened:
        yield opened


@pytest.fixture
def kite(empty: EmbeddedStore) -> EmbeddedStore:
    """Krackhardt's kite: ten that are linked so that being linked, bridging and being near are three things."""
    empty.load_graph(None, KITE.read_bytes(), "text/turtle", replace=True)
    return empty

"""Fixtures that every test may use."""

from collections.abc import Iterator

import pytest

from kg.services import ingest
from kg.services.base import BaseFiles
from kg.store.embedded import EmbeddedStore


@pytest.fixture(scope="session")
def dataset() -> BaseFiles:
    """The files of the shipped base."""
    return BaseFiles.shipped()


@pytest.fixture(scope="session")
def store(dataset: BaseFiles) -> Iterator[EmbeddedStore]:
    """The shipped base in memory, loaded once: read it, and write to a store of your own."""
    with EmbeddedStore.open(None) as loaded:
        ingest.load(loaded, None, files=dataset, validate=False)
        yield loaded

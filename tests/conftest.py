"""Fixtures that every test may use."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kg.config import Settings
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


@pytest.fixture(scope="session")
def app(store: EmbeddedStore) -> Flask:
    """The service over the shipped base."""
    # Imported here: the tests of the rooms below need no web.
    from kg.web.app import create_app

    made = create_app(Settings(), store)
    made.testing = True
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the service, with cookies of its own."""
    return app.test_client()


@pytest.fixture(scope="session")
def sources() -> Path:
    """The folder of the articles' texts: KG_SOURCES_DIR, or ``shared/sources`` beside the checkout."""
    beside = Path(__file__).parent.parent.parent / "shared" / "sources"
    folder = Path(os.environ.get("KG_SOURCES_DIR") or beside)
    if not folder.is_dir():
        pytest.skip("the articles' texts aren't here; set KG_SOURCES_DIR to their folder")
    return folder

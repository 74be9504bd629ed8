"""One browser for every test that needs one, and the shipped graph served to it once."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from chromium import CHROMIUM, launch, serving

from kg.config import Settings
from kg.store.embedded import EmbeddedStore
from kg.web import assets
from kg.web.app import create_app


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The browser; a test opens a context of its own, which knows nothing of the others."""
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}; CI installs it")
    if assets.folder() is None:
        pytest.skip("web/dist isn't built: make assets")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = launch(playwright)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[EmbeddedStore], str]]:
    """Serve a store, and return the address; each service has a data folder of its own and ends with the tests."""
    with ExitStack() as services:

        def start(store: EmbeddedStore) -> str:
            settings = replace(Settings(), base="none", data_dir=tmp_path_factory.mktemp("data"))
            return services.enter_context(serving(create_app(settings, store)))

        yield start


@pytest.fixture(scope="session")
def address(store: EmbeddedStore, serve: Callable[[EmbeddedStore], str]) -> str:
    """Where the shipped graph is served."""
    return serve(store)

"""The command in this process, and a service of its own in another."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kg.cli import main
from kg.services.base import BaseFiles, build
from kg.store.embedded import EmbeddedStore
from service import environment, running


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `kg` with a data folder of its own; `stdin` is what it reads."""
    for name in [name for name in os.environ if name.startswith("KG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KG_DATA_DIR", str(tmp_path / "data"))

    def call(*arguments: object, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin, prog_name="kg")

    return call


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, dataset: BaseFiles) -> Iterator[Path]:
    """The data folder of a running service over the shipped graph, which wasn't validated again, and a named graph."""
    folder = tmp_path_factory.mktemp("service")
    with EmbeddedStore.open(folder) as store:
        store.load_graph(None, build(dataset.listed()).data, "application/n-triples", replace=False)
        store.load_graph("urn:g", b"<urn:a> <urn:b> 1 .", "text/turtle", replace=False)
    with running(folder, environment(KG_DATA_DIR=str(folder), KG_BASE="none")):
        yield folder

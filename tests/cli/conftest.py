"""The command in this process, and a service of its own in another."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kg.cli import main
from kg.services.base import BaseFiles, build
from kg.store.embedded import EmbeddedStore


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
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KG_")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "kg.cli", "serve", "--port", "0"],
            env={**environment, "KG_DATA_DIR": str(folder), "KG_BASE": "none"},
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        until = time.monotonic() + 60
        while not (folder / "serve.json").exists():
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"the service didn't start:\n{(folder / 'log').read_text(encoding='utf-8')}")
            time.sleep(0.05)
        assert json.loads((folder / "serve.json").read_text(encoding="utf-8"))["pid"] == process.pid
        yield folder
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

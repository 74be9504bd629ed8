"""Where a reading command reads: the service that holds the data folder, the folder, or the shipped graph in memory."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from kg.cli.progress import Progress
from kg.config import Settings

if TYPE_CHECKING:
    from kg.store.protocol import Reader


@dataclass(frozen=True, slots=True)
class Source:
    """What a command reads, where it came from in words, and the version of the base that it holds."""

    reader: "Reader"
    place: str
    base_version: str


def settings() -> Settings:
    """Return the settings of the environment."""
    return Settings.from_environment(os.environ)


@contextlib.contextmanager
def source(chosen: Settings) -> Iterator[Source]:
    """Open what there is to read; say so where it is neither a service nor a data folder."""
    from kg.services import ingest
    from kg.store.embedded import ENGINE_FOLDER, EmbeddedStore
    from kg.web import presence

    running = presence.running(chosen.data_dir)
    if running is not None:
        from kg.cli.remote import ServiceReader

        place = f"the service at {running.address} (process {running.pid})"
        token = chosen.read_token or chosen.admin_token
        reader = ServiceReader(running.address, f"The service of process {running.pid}", token)
        yield Source(reader, place, ingest.base_version(chosen.data_dir))
        return
    if chosen.store is not None:
        from kg.store.opening import open_store

        with contextlib.closing(open_store(chosen)) as remote:
            yield Source(remote, f"the service at {chosen.store}", ingest.base_version(chosen.data_dir))
        return
    why = "There is no store"
    if chosen.base != "graph" or (chosen.data_dir / ENGINE_FOLDER / "CURRENT").is_file():
        with EmbeddedStore.open(chosen.data_dir, read_only=True) as store:
            version = ingest.base_version(chosen.data_dir)
            held = store.statistics()
            if chosen.base != "graph" or version or held.triples_default or held.triples_named:
                yield Source(store, f"the data folder {chosen.data_dir}", version)
                return
        # A first load that was cut short leaves an empty store, of which "nothing found" would be no answer.
        why = "Nothing is loaded"
    from kg.services import base

    click.echo(f"{why} in {chosen.data_dir}: reading the graph that ships with kg, in memory.", err=True)
    with Progress() as progress:
        target = base.build(base.BaseFiles.shipped().listed(), progress)
    yield Source(target.store, "the graph that ships with kg, in memory", "")

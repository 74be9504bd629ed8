"""``kg dump``."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import click

from kg.cli.reading import settings, source
from kg.errors import KGError, NotFound

_MEDIA_TYPES: Final = {
    "turtle": "text/turtle",
    "ntriples": "application/n-triples",
    "jsonld": "application/ld+json",
    "rdfxml": "application/rdf+xml",
    "nquads": "application/n-quads",
    "trig": "application/trig",
}


class FileUnwritable(KGError):
    """The file of a dump can't be written."""


@click.command("dump")
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(_MEDIA_TYPES)),
    default="turtle",
    show_default=True,
    help="nquads and trig hold the named graphs too.",
)
@click.option("--graph", metavar="IRI", help="Write this named graph in place of the default graph.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="A file, whole or not at all.")
def command(format_: str, graph: str | None, output: Path | None) -> None:
    """Write the graph as RDF.

    \b
    Example:
      kg dump --format nquads -o graph.nq
    """
    if graph is not None and format_ in {"nquads", "trig"}:
        raise click.UsageError("--graph writes one graph's triples; choose a format of triples, such as ntriples.")
    with source(settings()) as found:
        if graph is not None and graph not in found.reader.graph_names():
            raise NotFound("named graph", graph, "Leave out --graph for the default graph.")
        with _target(output) as out:
            found.reader.dump(out, _MEDIA_TYPES[format_], graph)


@contextlib.contextmanager
def _target(output: Path | None) -> Iterator[IO[bytes]]:
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    draft = output.with_name(f"{output.name}.{os.getpid()}.draft")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(output)
    except OSError as error:
        raise FileUnwritable(f"{output} can't be written: {error.strerror or error}.") from None
    finally:
        draft.unlink(missing_ok=True)

"""``kg dump``."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from io import RawIOBase
from pathlib import Path
from typing import IO, Any, Final, cast

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
            try:
                found.reader.dump(out, _MEDIA_TYPES[format_], graph)
            except KGError:
                if isinstance(out, _StandardOutput) and out.left:
                    raise BrokenPipeError(errno.EPIPE, "the reader went away") from None
                raise


class _StandardOutput(RawIOBase):
    """Standard output that remembers whether its reader went away: the engine reports that as any failed writing."""

    left = False

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        try:
            return sys.stdout.buffer.write(data)
        except BrokenPipeError:
            self.left = True
            raise


@contextlib.contextmanager
def _target(output: Path | None) -> Iterator[IO[bytes]]:
    if output is None:
        yield cast(IO[bytes], _StandardOutput())
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

"""``kg query``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from kg.cli import table
from kg.cli.reading import settings, source

if TYPE_CHECKING:
    from kg.store.protocol import Reader, Result

#: Names of `kg.store.formats`, which isn't imported for the help.
_FORMATS: Final = ("table", "json", "xml", "csv", "tsv", "turtle", "ntriples", "jsonld", "rdfxml")


@click.command("query")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--format", "format_", type=click.Choice(_FORMATS), help="How the result is written. [table, or turtle]")
def command(file: Path, format_: str | None) -> None:
    """Run a SPARQL query and print its result.

    FILE holds the query; - is standard input. SELECT and ASK print a table unless told otherwise, CONSTRUCT and
    DESCRIBE Turtle. A query that ran ends with 0, however many solutions it has.

    \b
    Examples:
      kg query zones.rq
      echo 'ASK { ?s ?p ?o }' | kg query - --format json
    """
    chosen = settings()
    operation = _read(file)
    with source(chosen) as found:
        result, tabular = _run(found.reader, operation, format_, chosen.query_max_bytes)
        if tabular:
            _print_table(b"".join(result.chunks))
            return
        out = sys.stdout.buffer
        for chunk in result.chunks:
            out.write(chunk)
        out.flush()


def _read(file: Path) -> str:
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{file} isn't UTF-8 (byte {error.start})", param_hint="FILE") from None


def _run(reader: "Reader", operation: str, format_: str | None, max_bytes: int) -> "tuple[Result, bool]":
    """Run a query; the second value says that the result is SPARQL JSON, to be shown as a table."""
    from kg.services import query

    prologue = query.read_prologue(operation)
    # An update or an empty text was refused: what is left has a form of a query.
    offered = query.formats_for(prologue.form) if prologue.form not in {None, "update"} else []  # type: ignore[arg-type]
    tabular = format_ in {None, "table"} and offered[0].name == "json"
    wanted = offered[0].name if format_ is None or tabular else format_
    media_type = next((f.media_type for f in offered if f.name == wanted), None)
    if media_type is None:
        names = ", ".join(f.name for f in offered)
        raise click.BadParameter(f"this query's result can be written as {names}", param_hint="--format")
    request = query.QueryRequest(operation, media_type)
    return query.run(reader, request, query.limits_of(max_bytes)), tabular


def _print_table(data: bytes) -> None:
    from pyoxigraph import QueryBoolean, QueryResultsFormat, parse_query_results

    results = parse_query_results(data, QueryResultsFormat.JSON)
    if isinstance(results, QueryBoolean):
        click.echo("true" if results else "false")
        return
    header = [variable.value for variable in results.variables]
    rows = [[table.spell(term) for term in solution] for solution in results]
    click.echo(table.render(header, rows))
    click.echo(f"({len(rows):,} solution{'' if len(rows) == 1 else 's'})", err=True)

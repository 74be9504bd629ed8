"""``kg search``."""

from typing import TYPE_CHECKING

import click

from kg.cli import exits, table
from kg.cli.output import as_json, print_json
from kg.cli.reading import settings, source

if TYPE_CHECKING:
    from kg.services.search import Hit


@click.command("search")
@click.argument("text")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Most hits.")
@as_json
def command(text: str, limit: int, json_: bool) -> None:
    """Find entities and concepts by any part of any of their names, by pinyin or by initials.

    Short names, aliases, printed forms and misprints count as names. Where no name holds the text, those that sound the
    same or are a typing error away are found. Ends with 1 where there are none either.

    \b
    Example:
      kg search 储能 --limit 5
    """
    from kg.cli.remote import ServiceReader
    from kg.services.search import search

    if not text.strip():
        raise click.BadParameter("it is empty", param_hint="TEXT")
    with source(settings()) as found:
        reader = found.reader
        hits = reader.search(text, limit) if isinstance(reader, ServiceReader) else search(reader, text, limit)
    if json_:
        print_json(hits)
    elif hits:
        rows = [[hit.label, table.shorten(hit.kind), _found_as(hit), hit.iri] for hit in hits]
        click.echo(table.render(["name", "kind", "found as", "IRI"], rows))
    else:
        click.echo(f"Nothing has {table.printable(text[:100])} in its name.", err=True)
    if not hits:
        raise SystemExit(exits.FAILED)


def _found_as(hit: "Hit") -> str:
    """Return what isn't plain from the label: another name, its reading, and that the name only nearly matches."""
    other = "" if hit.matched_label == hit.label else hit.matched_label
    manner = {"sound": "(same sound)", "near": "(similar)"}.get(hit.how, "")
    return " ".join(filter(None, [other, hit.spelling, manner]))

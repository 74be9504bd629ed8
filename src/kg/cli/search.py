"""``kg search``."""

import click

from kg.cli import exits, table
from kg.cli.output import as_json, print_json
from kg.cli.reading import settings, source


@click.command("search")
@click.argument("text")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Most hits.")
@as_json
def command(text: str, limit: int, json_: bool) -> None:
    """Find entities and concepts by any part of any of their names.

    Short names, aliases, printed forms and misprints count as names. Ends with 1 where nothing has such a name.

    \b
    Example:
      kg search 储能 --limit 5
    """
    from kg.services.search import search

    if not text.strip():
        raise click.BadParameter("it is empty", param_hint="TEXT")
    with source(settings()) as found:
        hits = search(found.reader, text, limit)
    if json_:
        print_json(hits)
    elif hits:
        rows = [
            [hit.label, table.shorten(hit.kind), "" if hit.matched_label == hit.label else hit.matched_label, hit.iri]
            for hit in hits
        ]
        click.echo(table.render(["name", "kind", "found as", "IRI"], rows))
    else:
        click.echo(f"Nothing has {table.printable(text[:100])} in its name.", err=True)
    if not hits:
        raise SystemExit(exits.FAILED)

"""``kg load``."""

import click

from kg.cli.output import as_json, print_json
from kg.cli.progress import Progress
from kg.cli.reading import settings
from kg.errors import StoreLocked


@click.command("load")
@click.option("--validate/--no-validate", default=True, help="Refuse a graph that breaks the shapes (the default).")
@as_json
def command(validate: bool, json_: bool) -> None:
    """Bring the data folder to the graph that ships.

    Only what differs is written. Named graphs are left alone. A running service holds its folder: stop it first; it
    loads by itself when it starts again.

    \b
    Example:
      KG_DATA_DIR=/srv/kg kg load
    """
    from kg.services import ingest
    from kg.store.embedded import EmbeddedStore
    from kg.web import presence

    chosen = settings()
    running = presence.running(chosen.data_dir)
    if running is not None:
        raise StoreLocked(str(chosen.data_dir), f"the service at {running.address} (process {running.pid})")
    with Progress() as progress, EmbeddedStore.open(chosen.data_dir) as store:
        report = ingest.load(store, chosen.data_dir, base=chosen.base, progress=progress, validate=validate)
    if json_:
        print_json(report)
        return
    if report.added or report.removed:
        changed = f"{report.added:,} triples added, {report.removed:,} removed"
    else:
        changed = "nothing to change"
    click.echo(
        f"{chosen.data_dir}: {changed}; {report.triples:,} triples of {report.files} files"
        f" ({report.derived:,} derived), version {report.base_version or 'none'}, {report.seconds:.1f} s"
    )
    for warning in report.validation.warnings:
        click.echo(f"warning: {warning}", err=True)

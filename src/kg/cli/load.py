"""``kg load``."""

import contextlib
from typing import TYPE_CHECKING

import click

from kg.cli.output import as_json, print_json
from kg.cli.progress import Progress
from kg.cli.reading import settings
from kg.errors import StoreLocked

if TYPE_CHECKING:
    from kg.store.protocol import Store


@click.command("load")
@click.option("--validate/--no-validate", default=True, help="Refuse a graph that breaks the shapes (the default).")
@as_json
def command(validate: bool, json_: bool) -> None:
    """Bring the data folder to the graph that ships.

    Only what differs is written. Named graphs are left alone. A running service holds its folder and takes the
    difference from who has its KG_ADMIN_TOKEN; without one, stop it: it loads by itself when it starts again.
    With KG_STORE the difference goes to that service.

    \b
    Example:
      KG_DATA_DIR=/srv/kg kg load
    """
    from kg.services import ingest
    from kg.store.opening import open_store
    from kg.web import presence

    chosen = settings()
    running = presence.running(chosen.data_dir)
    if running is not None:
        if chosen.admin_token is None:
            raise StoreLocked(str(chosen.data_dir), f"the service at {running.address} (process {running.pid})")
        from kg.cli.admin import ServiceStore

        store: Store = ServiceStore(running, chosen.admin_token)
    else:
        store = open_store(chosen)
    with contextlib.closing(store), Progress() as progress:
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

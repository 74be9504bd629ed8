"""``kg restore``."""

from pathlib import Path

import click

from kg.cli.output import as_json, print_json
from kg.cli.reading import settings
from kg.errors import StoreError, StoreLocked


@click.command("restore")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--replace", is_flag=True, help="Let a store that is there go.")
@as_json
def command(folder: Path, replace: bool, json_: bool) -> None:
    """Make the data folder anew from a backup.

    The service must be stopped; the backup is left as it is.

    \b
    Example:
      KG_DATA_DIR=/srv/kg kg restore /srv/copies/monday
    """
    from kg.services import backup
    from kg.web import presence

    chosen = settings()
    if chosen.store is not None:
        raise StoreError(f"The data lie at {chosen.store}, which restores its own backups; unset KG_STORE.")
    running = presence.running(chosen.data_dir)
    if running is not None:
        raise StoreLocked(str(chosen.data_dir), f"the service at {running.address} (process {running.pid})")
    restored = backup.restore(folder, chosen.data_dir, replace=replace)
    if json_:
        print_json(restored)
    else:
        click.echo(f"{chosen.data_dir}: {restored.triples:,} triples of {restored.made}")

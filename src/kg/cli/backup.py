"""``kg backup``."""

from pathlib import Path

import click

from kg.cli.output import as_json, print_json
from kg.cli.reading import settings


@click.command("backup")
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@as_json
def command(folder: Path | None, json_: bool) -> None:
    """Write a consistent copy of the data.

    Beside a running service the service itself writes it, below backups/ of its data folder, and goes on answering;
    KG_ADMIN_TOKEN must be set as the service has it. Without one, FOLDER is where the copy goes. The service of
    KG_STORE has means of its own.

    \b
    Examples:
      kg backup
      kg backup /srv/copies/monday
    """
    from kg.cli import admin
    from kg.services import backup
    from kg.store.opening import open_store
    from kg.web import presence

    chosen = settings()
    running = presence.running(chosen.data_dir)
    if running is not None:
        if folder is not None:
            raise click.UsageError(
                f"the service at {running.address} writes its own backups below {chosen.data_dir / backup.FOLDER};"
                " leave FOLDER out, or stop the service"
            )
        made = backup.Backup(**admin.ask(running, chosen.admin_token, "POST", "/admin/backup"))
    else:
        with open_store(chosen) as store:
            made = backup.write(store, chosen.data_dir, folder or backup.named(chosen.data_dir))
    if json_:
        print_json(made)
    else:
        click.echo(f"{made.folder}: {made.triples:,} triples, {made.made}")

"""``kg format``."""

from collections.abc import Sequence
from pathlib import Path

import click

from kg.cli import exits


@click.command("format")
@click.argument("places", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
@click.option("--check", is_flag=True, help="Change nothing; name the files that would be, and end with 1.")
def command(places: Sequence[Path], check: bool) -> None:
    """Write Turtle files in the one sorted spelling.

    So a change of data is a small diff. PATH is a file or a folder, with what lies below it. It is meant for graph/:
    comments are dropped.

    \b
    Example:
      kg format --check graph/
    """
    from kg.services import format as service

    files = sorted({file for place in places for file in (place.rglob("*.ttl") if place.is_dir() else [place])})
    if not files:
        raise click.UsageError(f"There is no Turtle file in {', '.join(str(place) for place in places)}.")
    changed = service.unformatted(files)
    for file in changed:
        if check:
            click.echo(f"{file} isn't in the sorted spelling")
            continue
        spelt = service.format_file(file)
        draft = file.with_name(f"{file.name}.draft")
        draft.write_text(spelt, encoding="utf-8", newline="\n")
        draft.replace(file)
        click.echo(f"{file} was written anew")
    click.echo(f"{len(files)} files, {len(changed)} {'to change' if check else 'changed'}", err=True)
    if check and changed:
        raise SystemExit(exits.FAILED)

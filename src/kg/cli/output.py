"""What programs read: JSON on standard output, one object, UTF-8."""

import json
from dataclasses import asdict, is_dataclass
from typing import Any

import click

as_json = click.option("--json", "json_", is_flag=True, help="Print JSON, for a program to read.")


def print_json(value: Any) -> None:
    """Print a value; dataclasses become objects."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)

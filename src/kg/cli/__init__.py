"""The command line: parse, call a service, print.

Commands are imported when they are called, and services when they are needed: ``kg --help`` loads neither the engine
nor rdflib.
"""

import importlib
from typing import Any, Final

import click

from kg import __version__
from kg.cli.exits import EXIT_CODES, exit_code
from kg.errors import KGError

#: Commands in the order of the help; each is the object `command` of a module below.
_MODULES: Final = {
    "serve": "kg.cli.serve",
    "load": "kg.cli.load",
    "query": "kg.cli.query",
    "search": "kg.cli.search",
    "stats": "kg.cli.stats",
    "dump": "kg.cli.dump",
    "backup": "kg.cli.backup",
    "restore": "kg.cli.restore",
    "validate": "kg.cli.validate",
    "format": "kg.cli.format",
    "evidence": "kg.cli.evidence",
}


class Commands(click.Group):
    """The commands, imported by name; an error of the house becomes one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of a day's use, not of the alphabet."""
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in _MODULES:
            return None
        command = importlib.import_module(_MODULES[cmd_name]).command
        return command if isinstance(command, click.Command) else None

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; ``--debug`` lets the traceback through."""
        try:
            return super().invoke(ctx)
        except KGError as error:
            if ctx.params.get("debug"):
                raise
            click.echo(f"kg: {error}", err=True)
            ctx.exit(exit_code(error))


@click.command(
    cls=Commands,
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="kg")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:
    """Serve and ask the knowledge graph of development zones.

    Settings are environment variables with the prefix KG_ (docs/settings.md). Commands that read ask the service that
    holds the data folder, where one runs; else they open the folder themselves.

    \b
    Examples:
      kg serve
      kg search 储能
      kg query question.rq --format csv
    """

"""``kg serve``."""

from dataclasses import replace

import click

from kg.cli.reading import settings


@click.command("serve")
@click.option("--host", help="Address to listen on, in place of KG_HOST.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port, in place of KG_PORT; 0 takes a free one.")
@click.option("--dev", is_flag=True, help="Start anew when a source file changes; for development only.")
def command(host: str | None, port: int | None, dev: bool) -> None:
    """Load the graph and serve it until told to end (Ctrl-C).

    \b
    Example:
      KG_SOURCES_DIR=sources kg serve --port 8080
    """
    from kg.web import server

    chosen = settings()
    if host is not None:
        chosen = replace(chosen, host=host)
    if port is not None:
        chosen = replace(chosen, port=port)
    server.serve(chosen, dev=dev)

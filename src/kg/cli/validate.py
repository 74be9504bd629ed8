"""``kg validate``."""

from pathlib import Path

import click

from kg.cli import exits
from kg.cli.output import as_json, print_json
from kg.cli.progress import Progress


@click.command("validate")
@click.option(
    "--graph",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of data files to validate in place of those that ship.",
)
@as_json
def command(graph: Path | None, json_: bool) -> None:
    """Check the graph against the ontology's shapes.

    The hygiene queries are run as well; nothing is loaded. Each result is a line: file and line, node, what is wrong,
    and the shape that says so. Ends with 1 where there is a violation; warnings are printed and don't count.

    \b
    Example:
      kg validate --graph graph/
    """
    from kg.services import base, validate

    shipped = base.BaseFiles.shipped()
    files = shipped if graph is None else base.BaseFiles(shipped.ontology, graph, str(graph).rstrip("/"))
    with Progress() as progress:
        target = base.build(files.listed(), progress)
        progress("validate", 0, 1)
        results = validate.shapes(target.data, files)
        if any(name.endswith(".rq") for name in files.shapes()):
            results += validate.hygiene(target.store, files)
    violations = sum(result.severity == "violation" for result in results)
    if json_:
        print_json({"triples": len(target.lines), "violations": violations, "results": results})
    else:
        for result in results:
            click.echo(f"{result.severity}: {result}")
        click.echo(
            f"{len(target.lines):,} triples: {violations} violations, {len(results) - violations} other results",
            err=True,
        )
    if violations:
        raise SystemExit(exits.FAILED)

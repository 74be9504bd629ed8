"""``kg evidence``."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.cli import exits
from kg.cli.output import as_json, print_json
from kg.cli.reading import settings, source

if TYPE_CHECKING:
    from kg.services.evidence import CheckReport

_sources = click.option(
    "--sources",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the documents' texts, in place of KG_SOURCES_DIR.",
)


@click.group("evidence")
def command() -> None:
    """Locate and verify passages of the documents.

    \b
    Example:
      kg evidence check --sources sources/
    """


@command.command()
@click.option("--document", required=True, metavar="KEY", help="Key of the document; its text is <KEY>.txt.")
@_sources
@click.argument("phrase")
@as_json
def locate(document: str, sources: Path | None, phrase: str, json_: bool) -> None:
    """Print where PHRASE stands in a document: start, end, paragraph and hash.

    Counted in Unicode code points from 0, the end exclusive. Ends with 1 where the phrase is missing, or stands there
    more than once.

    \b
    Example:
      kg evidence locate --sources sources/ --document datong 开发区
    """
    from kg.services import evidence

    if not phrase:
        raise click.BadParameter("it is empty", param_hint="PHRASE")
    folder = sources or settings().sources_dir
    if folder is None:
        raise click.UsageError("Say where the texts lie: --sources, or KG_SOURCES_DIR.")
    span = evidence.locate(evidence.read(folder, document), phrase, document)
    if json_:
        print_json(span)
        return
    for name, value in asdict(span).items():
        click.echo(f"{name:<10} {value}")


@command.command()
@_sources
@as_json
def check(sources: Path | None, json_: bool) -> None:
    """Verify every passage that the graph names against the documents' texts.

    Ends with 0 only if every passage was found as the graph says. A document whose text is missing was not checked, and
    that is no success.

    \b
    Example:
      KG_SOURCES_DIR=sources kg evidence check
    """
    from kg.services import evidence

    chosen = settings()
    with source(chosen) as found:
        report = evidence.check(found.reader, sources or chosen.sources_dir)
    if json_:
        counts = {name: getattr(report, name) for name in ("passed", "spans", "verified", "unchecked")}
        print_json({**counts, **asdict(report)})
    else:
        for failure in report.failures:
            click.echo(str(failure))
        for document in report.documents:
            told = "not checked: its text is missing" if document.state == "missing" else document.state
            click.echo(f"{document.key or '(no document)'}: {document.verified} of {document.spans} passages, {told}")
        click.echo(_verdict(report), err=True)
    if not report.passed:
        raise SystemExit(exits.FAILED)


def _verdict(report: "CheckReport") -> str:
    if not report.spans:
        return "Nothing was checked: the graph has no evidence."
    if not report.folder:
        return "Nothing was checked: set KG_SOURCES_DIR, or give --sources, the folder of the documents' texts."
    said = f"{report.verified:,} of {report.spans:,} passages verified"
    if report.unchecked:
        said += f", {report.unchecked:,} not checked"
    return said + (f"; {len(report.failures)} failures" if report.failures else "")

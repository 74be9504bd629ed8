"""``kg stats``."""

from typing import Final

import click

from kg.cli import table
from kg.cli.output import as_json, print_json
from kg.cli.reading import settings, source

_MODALITIES: Final = ("actual", "underway", "expected", "planned", "intended", "target")


@click.command("stats")
@as_json
def command(json_: bool) -> None:
    """Count what the graph holds.

    Triples, documents, pieces of evidence, entities by class, facts by class and modality.

    \b
    Example:
      kg stats --json
    """
    from dataclasses import asdict

    from kg.services.statistics import summarise

    with source(settings()) as found:
        summary = summarise(found.reader)
        place, version = found.place, found.base_version
    if json_:
        print_json({"source": place, "base_version": version or None, **asdict(summary)})
        return
    click.echo(f"Read from {place}" + (f", base {version}" if version else ""))
    click.echo(
        f"{summary.triples:,} triples, and {summary.triples_named:,} in {summary.graphs_named} named graphs; "
        f"{summary.documents} documents, {summary.evidence:,} pieces of evidence\n"
    )
    entities = sorted(summary.entities.items(), key=lambda item: (-item[1], item[0]))
    rows = [[name, f"{count:,}"] for name, count in entities]
    click.echo(table.render(["entities", "number"], [*rows, _total(rows, 1)], right=frozenset({1})) + "\n")
    others = sorted({m for counts in summary.facts.values() for m in counts} - set(_MODALITIES))
    modalities = [*_MODALITIES, *others]
    facts = [
        [name, *(f"{counts.get(m, 0):,}" for m in modalities), f"{sum(counts.values()):,}"]
        for name, counts in sorted(summary.facts.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    ]
    columns = len(modalities) + 1
    click.echo(
        table.render(
            ["facts", *modalities, "all"], [*facts, _total(facts, columns)], right=frozenset(range(1, columns + 1))
        )
    )


def _total(rows: list[list[str]], columns: int) -> list[str]:
    return ["all", *(f"{sum(int(row[c].replace(',', '')) for row in rows):,}" for c in range(1, columns + 1))]

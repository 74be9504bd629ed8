"""What a chart of the pages needs: points and bars with their words, as JSON, and the sentence that says the same."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kg.services.explore import Fact
from kg.services.indicators import Series, day_of
from kg.web.present import Presenter


@dataclass(frozen=True)
class Plot:
    """A chart: its data as JSON, and its description in the page's language."""

    data: str
    label: str
    rows: int = 0


def series(presenter: Presenter, name: str, shown: Series) -> Plot:
    """Return a series as a line with a mark for each figure."""
    chain = shown.chain()
    points: list[dict[str, object]] = []
    said = []
    for fact in shown.dated:
        figure, day = presenter.figure(fact), day_of(fact)
        if figure is None or day is None:
            continue
        base = fact.iri in shown.bases
        points.append(
            {
                "day": day.isoformat(),
                "value": float(fact.number("value") or 0),
                "number": f"{figure.before}{figure.number}",
                "unit": figure.unit,
                "modality": fact.modality,
                "word": presenter.t(f"modality.{fact.modality}"),
                "tip": _tip(presenter, fact, name),
                "base": base,
                "chained": fact.iri in chain,
            }
        )
        said.append(_said(presenter, presenter.time(fact), fact, base=base))
    label = presenter.t("plot.label", name=name, points=presenter.t("cite.between").join(said))
    return Plot(_json({"kind": "series", "baseline": presenter.t("plot.baseline"), "points": points}), label)


def bars(presenter: Presenter, name: str, shown: Iterable[tuple[str, Fact | None]]) -> Plot:
    """Return figures as bars, each under a name of its own; None is drawn as not reported."""
    drawn: list[dict[str, object]] = []
    said = []
    for text, fact in shown:
        figure = presenter.figure(fact) if fact else None
        if fact is None or figure is None:
            words = presenter.t("silent")
            drawn.append({"name": text, "value": None, "text": words, "modality": "none", "tip": [text, words]})
            said.append(f"{text} {words}")
            continue
        drawn.append(
            {
                "name": text,
                "value": float(fact.number("value") or 0),
                "text": f"{figure}  {presenter.t(f'modality.{fact.modality}')}",
                "modality": fact.modality,
                "tip": _tip(presenter, fact, text),
            }
        )
        said.append(_said(presenter, text, fact))
    label = presenter.t("plot.label", name=name, points=presenter.t("cite.between").join(said))
    return Plot(_json({"kind": "bars", "bars": drawn}), label, len(drawn))


def _said(presenter: Presenter, where: str, fact: Fact, *, base: bool = False) -> str:
    words = f"{presenter.t(f'modality.{fact.modality}')} {presenter.figure(fact)}"
    return f"{where} {words}{presenter.t('cite.brackets', text=presenter.t('plot.baseline')) if base else ''}"


def _tip(presenter: Presenter, fact: Fact, name: str) -> list[str]:
    figure = presenter.figure(fact)
    lines = [f"{name} {figure}", f"{presenter.t(f'modality.{fact.modality}')} · {presenter.time(fact)}"]
    if figure and figure.base:
        lines.append(presenter.t("figure.base", value=figure.base))
    if wording := fact.text("wording"):
        lines.append(presenter.t("cite.wording", text=wording))
    if fact.literals("doubt"):
        lines.append(presenter.t("doubt"))
    return lines


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Bullet:
    """A result against its target as lengths of a bar, in percent of its room.

    Attributes
    ----------
    reached, hoped
        How far what has happened reaches, and how much further what is expected.
    tick
        Where the target stands.
    """

    reached: float
    hoped: float
    tick: float


def bullet(share: Decimal | None, expected: Decimal | None, *, actual: bool) -> Bullet | None:
    """Return the lengths of a bar; None where there is no quotient to draw.

    Parameters
    ----------
    share
        Result divided by target.
    expected
        The same of what is expected, where `share` is of something actual.
    actual
        Whether the result has happened; what is only expected makes no solid bar.
    """
    if share is None or share < 0:
        return None
    done = float(share) if actual else 0.0
    hoped = float(expected if expected is not None else (0 if actual else share))
    room = max(1.0, done, hoped)
    return Bullet(round(done / room * 100, 1), round(max(0.0, hoped - done) / room * 100, 1), round(100 / room, 1))


def parts(values: Sequence[Decimal]) -> list[float]:
    """Return lengths of bars in percent of the largest."""
    most = max((float(v) for v in values), default=0)
    return [round(float(v) / most * 100, 1) if most > 0 else 0.0 for v in values]

"""A fact as a line that can be cited: what it says, its modality and time, and where it stands."""

from collections.abc import Sequence
from itertools import groupby

from kg.services.explore import Fact, Passage
from kg.web.present import Piece, Presenter


def statement(presenter: Presenter, fact: Fact) -> str:
    """Return what a fact says as one line of text, with its subject, without modality or source."""
    row = presenter.row(fact)
    figure = next((str(p.figure) for p in row.pieces if p.figure), "")
    said = presenter.t("cite.colon")
    if fact.kind == "Claim":
        subject = presenter.label(fact.subject or "").text
        objects = [presenter.label(fact.object).text] if fact.object else []
        objects += [text.text for text in presenter.stated(fact)]
        return f"{subject}{said}{row.label.text} {_list(presenter, objects)}"
    about = [p.label.text for p in row.pieces if p.role in {"about", "target"} and not p.figure]
    others = [_text(p) for p in row.pieces if p.role not in {"about", "target"} and not p.figure and p.kind != "arrow"]
    head = f"{_list(presenter, about)}{said}{row.label.text}" if about else row.label.text
    if figure:
        more = presenter.t("cite.brackets", text=_list(presenter, others)) if others else ""
        return f"{head} {figure}{more}"
    return f"{head}{presenter.t('list.comma') if about else said}{_list(presenter, others)}" if others else head


def manner(presenter: Presenter, fact: Fact) -> str:
    """Return how a fact holds: modality, time, and certainty where the document doesn't state it outright."""
    time = presenter.time(fact)
    # Without its column's heading the word alone would not say what isn't stated.
    time = presenter.t("cite.no_time") if time == presenter.t("time.unknown") else time
    parts = [presenter.t(f"modality.{fact.modality}"), time]
    if fact.certainty != "stated":
        parts.append(presenter.t(f"certainty.{fact.certainty}"))
    if fact.literals("doubt"):
        parts.append(presenter.t("doubt"))
    if wording := fact.text("wording"):
        parts.append(presenter.t("cite.wording", text=wording))
    return presenter.t("cite.pause").join(parts)


def sources(presenter: Presenter, evidence: Sequence[Passage]) -> str:
    """Return where a fact stands: each document with its paragraphs and positions."""
    found = []
    for document, passages in groupby(evidence, key=lambda p: p.document):
        places = [presenter.t("cite.place", paragraph=p.paragraph or "?", start=p.start, end=p.end) for p in passages]
        title = presenter.t("cite.quoted", title=presenter.title(document).text)
        if translated := presenter.translation(document):
            title = presenter.t("cite.translated", title=title, translation=translated.text)
        found.append(presenter.t("cite.source", title=title, places=_list(presenter, places)))
    return presenter.t("cite.between").join(found)


def line(presenter: Presenter, fact: Fact) -> str:
    """Return the line that a reader copies: statement, manner, sources, and the fact's IRI."""
    told = presenter.t("cite.brackets", text=manner(presenter, fact))
    return presenter.t(
        "cite.line",
        statement=statement(presenter, fact) + told,
        sources=sources(presenter, fact.evidence),
        iri=fact.iri,
    )


def _text(piece: Piece) -> str:
    return str(piece.figure) if piece.figure else piece.label.text


def _list(presenter: Presenter, texts: Sequence[str]) -> str:
    return presenter.t("list.comma").join(texts)

"""The page of a basket: facts that a reader gathered, with footnotes, to print or to copy."""

import re
from typing import Final
from urllib.parse import quote

from flask import render_template, request

from kg.services import citation
from kg.web import cite, i18n
from kg.web.pages.common import blueprint, link
from kg.web.present import Presenter
from kg.web.state import state

_CHINESE: Final = re.compile(r"([\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+)")


@blueprint.get("/basket")
def basket() -> str:
    """Show the facts that the address names, each with its notes; without any, say how to gather some."""
    found = citation.basket(state().store, citation.parse(request.args.getlist("facts")))
    presenter = Presenter(found.names, i18n.language())
    return render_template(
        "basket.html",
        p=presenter,
        basket=found,
        statements=[(fact, cite.statement(presenter, fact), cite.manner(presenter, fact)) for fact in found.facts],
        places=[cite.sources(presenter, [passage]) for passage in found.notes],
        everything="\n".join(cite.line(presenter, fact) for fact in found.facts),
        split=_runs,
        without=lambda one: _address(found.ids(one)),
    )


def _runs(text: str) -> list[tuple[str, bool]]:
    """Cut a text where Chinese begins and ends, on a page in another language: a screen reader changes its voice."""
    if i18n.language() == "zh":
        return [(text, False)]
    return [(run, bool(_CHINESE.match(run))) for run in _CHINESE.split(text) if run]


def _address(ids: list[str]) -> str:
    # Commas and slashes stay as they are: the address is one that a reader can read.
    return link(f"/basket?facts={quote(','.join(ids), safe=',/')}" if ids else "/basket")

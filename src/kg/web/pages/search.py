"""The page of search results, whole or as the list below the search box."""

from collections import defaultdict
from typing import Final

from flask import render_template, request

from kg.services import search
from kg.services.explore import Names
from kg.web import i18n
from kg.web.pages.common import blueprint
from kg.web.present import Presenter
from kg.web.state import state

SEARCH_HITS: Final = 100
SUGGESTIONS: Final = 8


@blueprint.get("/search")
def find() -> str:
    """Show the resources whose name holds what was looked for, by kind."""
    store = state().store
    wanted = request.args.get("q", "").strip()[: search.MAX_CHARACTERS]
    suggests = request.args.get("part") == "hits"
    limit = SUGGESTIONS if suggests else SEARCH_HITS
    hits = search.search(store, wanted, limit, i18n.language()) if wanted else []
    names = Names().load(store, {h.iri for h in hits})
    groups: dict[str, list[search.Hit]] = defaultdict(list)
    for hit in hits:
        groups[names[hit.iri].class_name or "Concept"].append(hit)
    return render_template(
        "_hits.html" if suggests else "search.html",
        p=Presenter(names, i18n.language()),
        wanted=wanted,
        groups=list(groups.items()),
        count=len(hits),
        limit=limit,
    )

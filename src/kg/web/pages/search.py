"""The page of search results, whole, as the list below the search box, or in JSON for programs."""

import json
from collections import defaultdict
from dataclasses import asdict
from http import HTTPStatus
from typing import Final

from flask import Response, render_template, request

from kg.services import search
from kg.services.explore import Names
from kg.web import i18n
from kg.web.pages.common import blueprint
from kg.web.present import Presenter
from kg.web.problem import RequestRefused
from kg.web.state import state

SEARCH_HITS: Final = 100
SUGGESTIONS: Final = 8
JSON_HITS: Final = 20
JSON_HITS_MAX: Final = 1000


@blueprint.get("/search")
def find() -> str:
    """Show the resources whose name holds what was looked for, by kind."""
    store = state().store
    wanted = request.args.get("q", "").strip()[: search.MAX_CHARACTERS]
    suggests = request.args.get("part") == "hits"
    limit = SUGGESTIONS if suggests else SEARCH_HITS
    hits = search.search(store, wanted, limit, i18n.language())
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
        current=hits.current,
    )


@blueprint.get("/search.json")
def find_json() -> Response:
    """Return the hits as JSON: ``q`` is what is looked for, ``limit`` the most hits, ``lang`` the labels' language."""
    try:
        limit = int(request.args.get("limit", JSON_HITS))
    except ValueError:
        limit = 0
    if not 1 <= limit <= JSON_HITS_MAX:
        raise RequestRefused(
            HTTPStatus.BAD_REQUEST, "The limit is no number of hits.", f"Give a whole number from 1 to {JSON_HITS_MAX}."
        )
    hits = search.search(state().store, request.args.get("q", ""), limit, i18n.language())
    value = {"current": hits.current, "hits": [asdict(hit) for hit in hits]}
    return Response(json.dumps(value, ensure_ascii=False) + "\n", content_type="application/json")

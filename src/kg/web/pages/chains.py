"""The pages of industry chains: strips of stages, and a chain drawn and tabled."""

import textwrap
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from flask import render_template

from kg.model.vocabulary import KG
from kg.services import chains, drawing, explore
from kg.web import i18n, present
from kg.web.pages.common import blueprint, checked_slug
from kg.web.pages.entity import entity_page
from kg.web.present import Presenter
from kg.web.state import state


@blueprint.get("/chains")
def all_chains() -> str:
    """List the chains as strips of stages."""
    found = chains.listed(state().store)
    return render_template("chains.html", p=Presenter(found.names, i18n.language()), chains=found.chains)


@blueprint.get("/chains/<slug>")
def chain(slug: str) -> str:
    """Show a chain: its segments in order, who takes part, what goes in and comes out, and what nobody reports."""
    view = chains.chain(state().store, checked_slug("chain", slug))
    presenter = Presenter(view.names, i18n.language())
    roles: dict[str, dict[str, present.Row]] = defaultdict(dict)
    for fact in view.facts:
        if fact.predicate == f"{KG}inSegment" and fact.object and fact.subject:
            roles[fact.object][fact.subject] = presenter.row(fact)
    return entity_page(
        view.view,
        chain=view,
        roles=roles,
        lanes=_lanes(presenter, view.chain),
        **_drawing(presenter, view),
        flow={iri: [presenter.row(f, iri) for f in facts] for iri, facts in view.inputs.items()},
        yields={iri: [presenter.row(f, iri) for f in facts] for iri, facts in view.outputs.items()},
        chain_query=explore.reproducing("chains/facts.rq", i18n.language(), chain=view.chain.iri),
    )


def _drawing(presenter: Presenter, view: chains.ChainView) -> Mapping[str, Any]:
    """Return what the drawing of a chain needs: its geometry, and each box with the words that fit into it."""
    members = {iri: presenter.names[iri].class_name for iri in view.chain.members()}
    flows: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for part in (view.inputs, view.outputs):
        for stage, facts in part.items():
            flows[stage] += [(fact.object, fact.modality) for fact in facts if fact.object]
    drawn = drawing.draw(view.chain, members, flows)
    boxes = []
    for box in drawn.boxes:
        piece = presenter.entity(box.member or box.stage, modality=box.modality)
        room = (box.rect.width - 36) / 13
        if box.silent or box.modality != "actual":
            tag = i18n.translate(presenter.language, "silent" if box.silent else f"modality.{box.modality}")
            room -= present.width(tag) * 0.85 + 0.6
        boxes.append((box, piece, present.fit(piece.label.text, room)))
    names = [i18n.translate(presenter.language, f"lane.{lane}") for lane in drawing.LANES]
    return {
        "drawing": drawn,
        "boxes": boxes,
        "lane_names": drawing.LANES,
        "lane_lines": [textwrap.wrap(name, 12) for name in names],
    }


def _lanes(presenter: Presenter, found: chains.Chain) -> Mapping[str, list[tuple[str, list[present.Piece]]]]:
    """Return the members of each stage by class, as boxes."""
    lanes: dict[str, list[tuple[str, list[present.Piece]]]] = {}
    for stage in found.stages:
        by_class: dict[str, list[present.Piece]] = defaultdict(list)
        for iri, modality in sorted(stage.members.items()):
            by_class[presenter.names[iri].class_name].append(presenter.entity(iri, modality=modality, role=modality))
        lanes[stage.iri] = sorted(by_class.items(), key=lambda item: list(present.KINDS).index(item[0]))
    return lanes

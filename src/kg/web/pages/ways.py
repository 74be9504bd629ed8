"""Found paths, step by step with their evidence: for the explorer's page, and in JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kg.model.vocabulary import ID, KG
from kg.services import explore
from kg.services.explore import Fact, Names
from kg.services.paths import Nothing, Path, Paths, Step
from kg.services.viewstate import Route
from kg.web import i18n, present
from kg.web.i18n import t
from kg.web.present import Presenter
from kg.web.state import state as service


@dataclass(frozen=True)
class RouteView:
    """The paths that are looked for, as the page shows them."""

    source: present.Piece
    target: present.Piece
    found: Paths
    steps: Sequence[tuple[Any, ...]]
    one_document: bool
    chosen: int
    reason: str
    nothing: Nothing | None


def shown(p: Presenter, asked: Route | None, found: Paths | None) -> RouteView | None:
    """Return found paths as the page shows them: the chosen one, or the one that there would be, with its facts."""
    if found is None or asked is None:
        return None
    store = service().store
    chosen = min(asked.chosen, len(found.found) - 1)
    path = found.found[chosen] if found.found else (found.nothing.opened if found.nothing else None)
    supports = [s.fact for step in (path.steps if path else ()) for li in step.links for s in li.supports]
    facts: dict[str, Fact] = {f.iri: f for f in explore.load_facts(store, sorted(set(supports)))}
    named = explore.named_in(facts.values())
    p.names.load(
        store,
        {
            *(path.entities if path else ()),
            *named,
            *(found.nothing.entities if found.nothing else ()),
            *(f"{KG}{li.kind}" for step in (path.steps if path else ()) for li in step.links),
            *(f"{KG}{kind}" for kind in (found.nothing.kinds if found.nothing else ())),
        },
    )
    steps = []
    for step in path.steps if path else ():
        rows = []
        for li in step.links:
            shown = [p.row(facts[s.fact]) for s in li.supports if s.fact in facts]
            away = li.directed and li.source != step.source
            rows.append((p.label(f"{KG}{li.kind}"), li, away, shown))
        steps.append((p.entity(step.source), rows, p.entity(step.target)))
    return RouteView(
        p.entity(found.source),
        p.entity(found.target),
        found,
        steps,
        path.one_document if path else False,
        chosen,
        _reason(p, found.nothing) if found.nothing else "",
        found.nothing,
    )


def _reason(p: Presenter, nothing: Nothing) -> str:
    named = t("list.comma").join(p.label(iri).text for iri in nothing.entities)
    held = t("list.comma").join(
        [
            *(p.label(f"{KG}{kind}").text for kind in nothing.kinds),
            *(t(f"modality.{code}") for code in nothing.modalities),
            *(t(f"certainty.{code}") for code in nothing.certainties),
        ]
    )
    return t(
        f"explore.no_path_{nothing.reason}",
        names=named,
        n=nothing.hops,
        held=held or t("explore.other_filters"),
        one=nothing.sizes[0],
        other=nothing.sizes[1],
    )


def as_json(found: Paths) -> dict[str, Any]:
    """Return found paths for programs; why there is none, where there is none."""
    store = service().store
    every = [*found.found, *((found.nothing.opened,) if found.nothing and found.nothing.opened else ())]
    wanted = sorted({s.fact for path in every for step in path.steps for li in step.links for s in li.supports})
    facts = {f.iri: f for f in explore.load_facts(store, wanted)}
    names = Names().load(store, {iri for path in every for iri in path.entities} | {found.source, found.target})
    p = Presenter(names, i18n.language())

    def step_json(step: Step) -> dict[str, Any]:
        return {
            "from": step.source.removeprefix(ID),
            "to": step.target.removeprefix(ID),
            "direction": step.direction,
            "links": [
                {
                    "kind": li.kind,
                    "source": li.source.removeprefix(ID),
                    "target": li.target.removeprefix(ID),
                    "facts": [
                        {
                            "fact": s.fact.removeprefix(ID),
                            "modality": s.modality,
                            "certainty": s.certainty,
                            "evidence": [
                                {
                                    "evidence": e.iri.removeprefix(ID),
                                    "document": e.document.removeprefix(ID),
                                    "paragraph": e.paragraph,
                                    "start": e.start,
                                    "end": e.end,
                                }
                                for e in (facts[s.fact].evidence if s.fact in facts else ())
                            ],
                        }
                        for s in li.supports
                    ],
                }
                for li in step.links
            ],
        }

    def path_json(path: Path) -> dict[str, Any]:
        return {
            "entities": [{"id": i.removeprefix(ID), "label": p.label(i).text} for i in path.entities],
            "steps": [step_json(step) for step in path.steps],
            "documents": [d.removeprefix(ID) for d in path.documents],
        }

    value: dict[str, Any] = {
        "from": found.source.removeprefix(ID),
        "to": found.target.removeprefix(ID),
        "complete": found.complete,
        "paths": [path_json(path) for path in found.found],
    }
    if found.nothing:
        value["reason"] = {
            "code": found.nothing.reason,
            "entities": [e.removeprefix(ID) for e in found.nothing.entities],
            "hops": found.nothing.hops,
            "kinds": list(found.nothing.kinds),
            "modalities": list(found.nothing.modalities),
            "certainties": list(found.nothing.certainties),
            "limits": list(found.nothing.limits),
            "opened": path_json(found.nothing.opened) if found.nothing.opened else None,
        }
    return value

"""The pages of documents: their facts in order of position."""

from dataclasses import replace

from flask import render_template

from kg.services import documents, explore
from kg.services.explore import Names
from kg.services.selection import undated
from kg.web import i18n, present
from kg.web.pages.common import blueprint, chosen
from kg.web.present import Presenter
from kg.web.state import state


@blueprint.get("/documents")
def all_documents() -> str:
    """List the documents."""
    store = state().store
    found = documents.listed(store)
    names = Names().load(store, {i for d in found for i in (d.iri, *d.authors, *d.zones)})
    return render_template("documents.html", p=Presenter(names, i18n.language()), documents=found)


@blueprint.get("/documents/<slug>")
def document(slug: str) -> str:
    """Show a document: its facts in order of position, beside its passages or their positions."""
    here = state()
    view = documents.document(here.store, slug, here.settings.sources_dir)
    presenter = Presenter(view.names, i18n.language())
    selection = chosen()
    total = len(view.facts)
    view = replace(view, facts=selection.keep(view.facts))
    passages = view.passages()
    seen: set[str] = set()
    rows = []
    for fact in view.facts:
        here_stands = [passage for passage in fact.evidence if passage.document == view.document.iri]
        anchors = [passage.slug for passage in here_stands if passage.slug not in seen]
        seen.update(anchors)
        rows.append((presenter.row(fact), next(iter(here_stands), None), anchors))
    return render_template(
        "document.html",
        p=presenter,
        view=view,
        doc=view.document,
        rows=rows,
        paragraphs=documents.paragraphs(view.text, passages) if view.text is not None else None,
        bars=present.bars(passages, {view.document.iri: view.extents}),
        modalities=present.modality_counts(view.facts),
        chosen=selection,
        total=total,
        undated=undated(view.facts),
        query=explore.reproducing(
            "documents/facts.rq", i18n.language(), selected=selection.sparql_filter("fact"), document=view.document.iri
        ),
    )

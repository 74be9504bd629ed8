"""The page of a piece of evidence: where it stands, its words where they are held, the facts that rest on it."""

from flask import render_template, request

from kg.errors import NotFound
from kg.model.vocabulary import ID
from kg.services import documents, explore
from kg.services.explore import Names, Passage
from kg.web import i18n, present
from kg.web.present import Presenter
from kg.web.state import state


def evidence(slug: str) -> str:
    """Show a piece of evidence, whole or as the passage that opens in place."""
    store = state().store
    iri = f"{ID}ev/{slug}"
    passage = explore.passages(store, [iri]).get(iri)
    if passage is None:
        raise NotFound("evidence", slug, "A document's page lists its passages.")
    facts = explore.supported_by(store, iri)
    found = next((d for d in documents.listed(store) if d.iri == passage.document), None)
    names = Names().load(store, {passage.document, *explore.named_in(facts), *(found.authors if found else ())})
    presenter = Presenter(names, i18n.language())
    text, why = documents.text_of(state().settings.sources_dir, found) if found else (None, "absent")
    spans = {n: (a, b) for n, a, b in explore.extents(store, [passage.document]).get(passage.document, [])}
    return render_template(
        "evidence.html" if request.args.get("part") != "passage" else "_passage.html",
        p=presenter,
        passage=passage,
        document=found,
        rows=[presenter.row(f) for f in facts],
        paragraph=_paragraph(text, passage),
        why=why,
        lines=present.passage_map(passage, spans.get(passage.paragraph or 0)),
    )


def _paragraph(text: str | None, passage: Passage) -> documents.Paragraph | None:
    if text is None:
        return None
    return next((p for p in documents.paragraphs(text, [passage]) if p.start <= passage.start < p.end), None)

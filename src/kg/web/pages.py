"""The pages: each view asks its service once and hands the template what it shows."""

import re
import textwrap
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, render_template, request
from pyoxigraph import Literal, NamedNode

from kg.errors import KGError, NotFound, QueryRefused, QuerySyntaxError
from kg.model.label import Label, choose, local_name
from kg.model.vocabulary import BASE, ENTITY_SEGMENTS, ID, KG, SKOS
from kg.services import chains, console, documents, drawing, explore, glossary, search, zones
from kg.services.explore import Fact, Names, Passage
from kg.web import assets, i18n, present
from kg.web.i18n import t
from kg.web.operations import base_version
from kg.web.present import Presenter
from kg.web.state import state

blueprint: Final = Blueprint("pages", __name__)

ASSET_SECONDS: Final = 365 * 24 * 3600
#: A local part, as the minting makes it: whatever else stands in an address isn't looked up.
_LOCAL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~/-]{0,199}", re.ASCII)
HOME_ZONES: Final = 4
HOME_CHAINS: Final = 6
HOME_DOCUMENTS: Final = 6
SEARCH_HITS: Final = 100
SUGGESTIONS: Final = 8


@dataclass(frozen=True)
class Trail:
    """A step of the path above a page's title."""

    text: str
    address: str | None = None
    language: str = ""


@blueprint.app_context_processor
def _helpers() -> dict[str, Any]:
    language = i18n.language()
    return {
        "t": t,
        "lang": language,
        "html_lang": "zh-CN" if language == "zh" else "en",
        "link": link,
        "href": _href,
        "asset": assets.address,
        "other": _other_language(language),
        "local": _local,
        "seal_of": lambda class_name: present.seal(class_name, language),
        "as_of": _as_of,
        "fit": present.fit,
        "text_width": present.width,
        "has": i18n.has,
    }


@blueprint.after_request
def _remember(response: Response) -> Response:
    response.vary.update(("Accept-Language", "Cookie"))
    response.headers.setdefault("Cache-Control", "no-cache")
    if chosen := i18n.asked():
        response.set_cookie(i18n.COOKIE, chosen, max_age=ASSET_SECONDS, samesite="Lax", httponly=True)
    return response


def link(path: str, **parameters: str) -> str:
    """Return an address within the service that keeps the language which this one names."""
    address, mark, anchor = path.partition("#")
    if chosen := i18n.asked():
        parameters = {**parameters, "lang": chosen}
    query = f"{'&' if '?' in address else '?'}{urlencode(parameters)}" if parameters else ""
    return f"{address}{query}{mark}{anchor}"


def _href(iri: str) -> str | None:
    found = present.href(iri)
    return None if found is None else link(found)


def _other_language(language: str) -> dict[str, str]:
    other = "en" if language == "zh" else "zh"
    parameters = [(k, v) for k, v in request.args.items(multi=True) if k != "lang"]
    return {"code": other, "address": f"{request.path}?{urlencode([*parameters, ('lang', other)])}"}


def _local(iri: str) -> str:
    return local_name(iri)


def _as_of() -> str | None:
    try:
        return console.as_of(state().store)
    except KGError:
        # The top bar stands on error pages too, and what failed may be the store.
        return None


@blueprint.get("/assets/<name>")
def asset(name: str) -> Response:
    """Return a built asset; its name changes with its content, so it never goes stale."""
    found = assets.read(name)
    if found is None:
        raise NotFound("asset", name, "The pages name those that there are.")
    response = make_response(found[0])
    response.content_type = f"{found[1]}; charset=utf-8"
    response.headers["Cache-Control"] = f"public, max-age={ASSET_SECONDS}, immutable"
    return response


@blueprint.get("/favicon.ico")
def favicon() -> Response:
    """Return the mark for browsers that ask at the customary address."""
    built = assets.manifest().get("icon.svg")
    return asset(built) if built else Response(status=HTTPStatus.NO_CONTENT)


@blueprint.get("/")
def home() -> str:
    """Show what there is: search, zones, chains, documents."""
    store = state().store
    language = i18n.language()
    found = zones.listed(store, HOME_ZONES)
    every_chain = chains.listed(store)
    every_document = documents.listed(store)
    names = Names({**every_chain.names.known, **found.names.known})
    people = {i for d in every_document for i in (d.iri, *d.authors, *d.zones[:1])}
    names.load(store, people)
    presenter = Presenter(names, language)
    return render_template(
        "home.html",
        p=presenter,
        counts=explore.counts(store),
        version=base_version(state()),
        zones=[(zone, [_headline(presenter, f, zone.iri) for f in zone.figures]) for zone in found.zones],
        modalities=_modalities_of([f for z in found.zones for f in z.figures]),
        chains=every_chain.chains[:HOME_CHAINS],
        chain_count=len(every_chain.chains),
        zone_count=len({z for c in every_chain.chains for z in c.zones} | {z.iri for z in found.zones}),
        documents=every_document[:HOME_DOCUMENTS],
        document_count=len(every_document),
        undated=sum(1 for d in every_document if d.not_before),
        examples=_questions(presenter, found.zones, every_chain.chains),
    )


def _modalities_of(facts: Sequence[Fact]) -> list[str]:
    return [m for m, _ in present.modality_counts(facts)]


def _headline(presenter: Presenter, fact: Fact, zone: str) -> present.Row:
    return presenter.row(fact, zone)


def _questions(
    presenter: Presenter, found: Sequence[zones.Zone], every: Sequence[chains.Chain]
) -> list[tuple[Label, str]]:
    """Return names to try: a chain's most linked member, a chain, a zone — taken from the graph, so they exist."""
    tries = [z.iri for z in found[:2]] + [c.iri for c in every[:2]]
    for chain in every[:3]:
        tries += sorted(m for m in chain.members() if presenter.names[m].class_name == "Enterprise")[:1]
    return [(presenter.label(iri), address) for iri in dict.fromkeys(tries) if (address := present.href(iri))]


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


@blueprint.get("/entity/<path:path>")
def entity(path: str) -> str:
    """Show an entity, a fact, a piece of evidence or a code with all that is known of it."""
    if not _LOCAL.fullmatch(path):
        raise NotFound("entity", path, "Look for its name under /search.")
    segment, _, rest = path.partition("/")
    if segment == "ev":
        return _evidence(rest)
    room = "" if segment in {"scheme", "unit", "period"} else "id/"
    view = explore.entity(state().store, f"{BASE}{room}{path}")
    return _entity_page(view)


def _entity_page(view: explore.EntityView, **more: Any) -> str:
    language = i18n.language()
    presenter = Presenter(view.names, language)
    resource = view.resource
    own = None
    spans = {(d, n): (a, b) for d, rows in view.extents.items() for n, a, b in rows}
    if view.statements.get(f"{KG}modality"):
        for fact in explore.load_facts(state().store, [view.iri]):
            view.names.load(state().store, explore.named_in([fact]))
            own = presenter.row(fact)
            near = explore.extents(state().store, sorted({p.document for p in fact.evidence}))
            spans |= {(d, n): (a, b) for d, rows in near.items() for n, a, b in rows}
    neighbours = view.neighbours()
    drawn = present.branches(presenter, neighbours)
    cited = [p for f in view.facts for p in f.evidence]
    # A zone's own figures stand in a table of their own above the groups.
    tabled = {row.fact.iri for _, rows in more.get("series", ()) for row in rows}
    groups = presenter.groups([f for f in view.facts if f.iri not in tabled], view.iri)
    return render_template(
        "entity.html",
        view=view,
        p=presenter,
        label=resource.label(language),
        class_name=resource.class_name,
        trail=_trail(presenter, view),
        groups=groups,
        own=own,
        extents=spans,
        selected=own or _selected([*_tables(more), *groups]),
        cut=len(view.facts) >= explore.FACTS_MAX,
        modalities=present.modality_counts(view.facts),
        bars=present.bars(cited, view.extents),
        passage_map=present.passage_map,
        drawn=drawn,
        neighbours=len(neighbours),
        codes=_codes(presenter, view),
        alternatives=explore.alternative_names(view.statements),
        query=explore.reproducing("explore/details.rq", i18n.language(), facts=view.iri)
        if own
        else explore.reproducing("explore/facts.rq", i18n.language(), entity=view.iri),
        documents=view.documents(),
        **more,
    )


def _tables(more: Mapping[str, Any]) -> list[present.Group]:
    return [present.Group("figures", rows) for _, rows in more.get("series", ())]


def _selected(groups: Sequence[present.Group]) -> present.Row | None:
    """Return the row whose passage is shown at first: the first with a figure, else the first."""
    rows = [row for group in groups for row in group.rows if row.fact.evidence]
    return next((r for r in rows if any(p.kind == "figure" for p in r.pieces)), rows[0] if rows else None)


_NAMES_AND_TYPES: Final = frozenset({"prefLabel", "altLabel", "type", "inScheme", "definition", *explore.NAME_KINDS})


def _codes(presenter: Presenter, view: explore.EntityView) -> list[tuple[Label, list[present.Piece]]]:
    """Return the entity's own statements that aren't names: codes, levels, hashes, dates. Derived links aren't shown
    twice: each is a fact already."""
    linked = {fact.predicate for fact in view.facts} | {f"{KG}{n}" for n in _DERIVED}
    found = []
    for iri, terms in sorted(view.statements.items()):
        if local_name(iri) in _NAMES_AND_TYPES or iri in linked or view.statements.get(f"{KG}modality"):
            continue
        pieces = []
        for term in sorted(terms, key=str):
            if isinstance(term, NamedNode):
                pieces.append(presenter.entity(term.value))
            elif isinstance(term, Literal):
                pieces.append(present.Piece("text", presenter.literal(term)))
        found.append((presenter.label(iri), pieces))
    return found


#: What the loader derives from facts that aren't claims.
_DERIVED: Final = (
    *("partnerOf", "investsIn", "suppliesTo", "chainLeader", "hasCertType", "worksFor", "projectStage", "holds"),
)


def _trail(presenter: Presenter, view: explore.EntityView) -> list[Trail]:
    class_name = view.resource.class_name
    steps = []
    if class_name in ENTITY_SEGMENTS:
        index = {"DevelopmentZone": "/zones", "IndustryChain": "/chains", "NewsArticle": "/documents"}.get(class_name)
        steps.append(Trail(t(f"class.{class_name}"), link(index or f"/ontology#{class_name}")))
    elif schemes := [t.value for t in view.statements.get(f"{SKOS}inScheme", ()) if isinstance(t, NamedNode)]:
        name = presenter.label(schemes[0])
        steps.append(Trail(name.text, link(f"/ontology#list-{local_name(schemes[0])}"), name.language))
    elif i18n.has(f"class.{class_name}"):
        steps.append(Trail(t(f"class.{class_name}"), link(f"/ontology#{class_name}")))
    inside = [
        f.object
        for f in view.facts
        if f.subject == view.iri and f.predicate == f"{KG}inZone" and f.object and f.modality == "actual"
    ]
    for iri in dict.fromkeys(inside[:1]):
        label = presenter.label(iri)
        steps.append(Trail(label.text, _href(iri), label.language))
    return steps


def _evidence(slug: str) -> str:
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
        query=explore.reproducing("documents/facts.rq", i18n.language(), document=view.document.iri),
    )


@blueprint.get("/zones")
def all_zones() -> str:
    """List the zones with their telling figures."""
    found = zones.listed(state().store)
    presenter = Presenter(found.names, i18n.language())
    return render_template(
        "zones.html",
        p=presenter,
        zones=[(z, [presenter.row(f, z.iri) for f in z.figures]) for z in found.zones[: zones.CARDS]],
        others=found.zones[zones.CARDS :],
    )


@blueprint.get("/zones/<slug>")
def zone(slug: str) -> str:
    """Show a zone: figures by indicator, projects by stage, platforms, chains, and everything else known."""
    view = zones.zone(state().store, _slug("zone", slug))
    every = chains.listed(state().store)
    view.names.known.update(every.names.known)
    presenter = Presenter(view.names, i18n.language())
    series = [(iri, [presenter.row(f, view.view.iri) for f in facts]) for iri, facts in view.observations()]
    return _entity_page(
        view.view,
        zone=view,
        strips=[c for c in every.chains if view.view.iri in c.zones],
        series=series,
        stages=zones.STAGES,
        scheme=f"{BASE}scheme/project-stage/",
    )


@blueprint.get("/chains")
def all_chains() -> str:
    """List the chains as strips of stages."""
    found = chains.listed(state().store)
    return render_template("chains.html", p=Presenter(found.names, i18n.language()), chains=found.chains)


@blueprint.get("/chains/<slug>")
def chain(slug: str) -> str:
    """Show a chain: its segments in order, who takes part, what goes in and comes out, and what nobody reports."""
    view = chains.chain(state().store, _slug("chain", slug))
    presenter = Presenter(view.names, i18n.language())
    roles: dict[str, dict[str, present.Row]] = defaultdict(dict)
    for fact in view.facts:
        if fact.predicate == f"{KG}inSegment" and fact.object and fact.subject:
            roles[fact.object][fact.subject] = presenter.row(fact)
    return _entity_page(
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


def _slug(kind: str, slug: str) -> str:
    if not _LOCAL.fullmatch(slug):
        raise NotFound(kind, slug, f"The page /{kind}s lists all of them.")
    return slug


@blueprint.get("/ontology.html")
def ontology() -> str:
    """Show every class, property and code list; the resource blueprint calls this for ``/ontology``."""
    found = glossary.read(state().store)
    return render_template("ontology.html", p=Presenter(found.names, i18n.language()), g=found)


@blueprint.route("/console", methods=["GET", "POST"])
def query_console() -> tuple[str, int]:
    """Show the query console; run the query that the form or the address brings."""
    here = state()
    text = (request.form if request.method == "POST" else request.args).get("query", "")
    result: console.Table | None = None
    problem: KGError | None = None
    if text.strip():
        try:
            result = console.run(here.store, text, here.settings.query_max_bytes)
        except KGError as error:
            problem = error
    names = result.names if result else Names()
    status = HTTPStatus.BAD_REQUEST if isinstance(problem, QuerySyntaxError | QueryRefused) else HTTPStatus.OK
    if problem is not None and status == HTTPStatus.OK:
        raise problem
    page = render_template(
        "console.html",
        p=Presenter(names, i18n.language()),
        text=text,
        result=result,
        problem=problem,
        examples=console.examples(i18n.language()),
        start=console.START,
        version=base_version(here),
        choose=choose,
    )
    return page, int(status)

"""Everything that the page of a zone shows: its figures, targets, projects, platforms, funds, partners and times.

What belongs to a zone is what a statement places in it (`kg:inZone`, of whatever modality). Beside it stand platforms,
funds and projects that a fact links with the zone or with what belongs to it, and the funds that a fact links with
those. A page says of each of them which it is: of a fund of the county nobody may read that it is the zone's.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from pyoxigraph import NamedNode

from kg import paths
from kg.errors import NotFound
from kg.model.label import local_name
from kg.model.vocabulary import BASE, ENTITY_SEGMENTS, ID, KG, SCHEME
from kg.services import explore, indicators
from kg.services.explore import EntityView, Fact, Names, iri_in
from kg.services.indicators import Gap, Parts, Series
from kg.services.selection import Selection, first_day
from kg.store.protocol import Reader

#: The stages of a project in their order (the codes of the list ``project-stage``).
STAGES: Final = (
    "reserve",
    "talks",
    "signed",
    "approved",
    "construction",
    "structure-complete",
    "commissioning",
    "trial-production",
    "production",
)
#: Classes that are attached to a zone by a fact that links them with it or with something in it.
ATTACHED: Final = frozenset({"Platform", "Fund", "Project"})
#: Code lists of industries and fields.
_FIELDS: Final = (f"{SCHEME}industry/", f"{SCHEME}focus-area/", f"{SCHEME}gbt4754-2017/")
#: Statements by which two cooperate without a fact node of its own.
_TIES: Final = frozenset({f"{KG}connectedTo", f"{KG}partnerOf"})
#: Codes of the list ``step`` by which a platform or a fund is there, and statements that only what is there can have.
_THERE: Final = frozenset({"established", "launched", "built", "recognised"})
_BEING: Final = frozenset({f"{KG}inZone", f"{KG}establishedBy"})


@dataclass(frozen=True)
class Rung:
    """A stage of projects: what is counted there, what amounts, and the projects that are named.

    Attributes
    ----------
    counts, amounts
        Observations of the number of projects at this stage and of their investment: whole ones before parts.
    projects
        Milestones, one for each project: the one that put it here.
    """

    stage: str
    counts: Sequence[Fact]
    amounts: Sequence[Fact]
    projects: Sequence[Fact]

    @property
    def silent(self) -> bool:
        """Whether nothing is reported of this stage."""
        return not (self.counts or self.amounts or self.projects)

    @property
    def firm(self) -> bool:
        """Whether something has actually reached it."""
        return any(f.modality == "actual" for f in (*self.counts, *self.amounts, *self.projects))


@dataclass(frozen=True)
class Holding:
    """A platform or a fund with the facts that say what it is and how far it has come.

    Attributes
    ----------
    own
        Whether a statement places it in the zone, or the zone set it up.
    state
        ``established`` (it was set up or certified, or has figures of its own), ``pending`` (only steps towards it, or
        what is under way, planned or aimed at is reported), or ``unclear`` (nothing says whether it is there).
    """

    iri: str
    own: bool
    state: str
    ties: Sequence[Fact]
    progress: Sequence[Fact]
    figures: Sequence[Fact]

    @property
    def facts(self) -> list[Fact]:
        """All of them."""
        return [*self.ties, *self.progress, *self.figures]


@dataclass(frozen=True)
class Partner:
    """Someone outside with the facts that link them with the zone or something in it."""

    iri: str
    facts: Sequence[Fact]


@dataclass(frozen=True)
class ZoneView:
    """The view of a zone beyond that of an entity; every list holds only facts of the reader's selection."""

    view: EntityView
    inside: Mapping[str, str]
    facts: Sequence[Fact]
    names: Names
    selection: Selection = Selection()

    @property
    def iri(self) -> str:
        """The zone's IRI."""
        return self.view.iri

    def own(self) -> list[Series]:
        """Return the zone's own figures as series."""
        return [s for s in indicators.series(self.facts) if s.about == self.iri]

    def gaps(self) -> list[Gap]:
        """Return the targets of the zone and of its things with their results."""
        return indicators.gaps(self.facts)

    def parts(self) -> list[Parts]:
        """Return wholes with their parts."""
        return indicators.parts(self.facts)

    def contents(self) -> dict[str, list[tuple[str, str]]]:
        """Return what belongs to the zone by class, with the modality of the statement that says so."""
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        placed = {f.subject for f in self.facts if f.predicate == f"{KG}inZone" and f.object == self.iri}
        for thing, modality in sorted(self.inside.items()):
            if not self.selection or thing in placed:
                found[self.names[thing].class_name].append((thing, modality))
        order = list(ENTITY_SEGMENTS)
        return {kind: found[kind] for kind in sorted(found, key=lambda k: order.index(k) if k in order else 99)}

    def chains(self) -> set[str]:
        """Return the zone's chains."""
        return {f.object for f in self.facts if f.subject == self.iri and f.predicate == f"{KG}hasChain" and f.object}

    def ladder(self) -> list[Rung]:
        """Return the stages of projects in order: what is counted, and the projects by the last stage they reached."""
        last: dict[str, Fact] = {}
        for fact in self.facts:
            project = fact.iri_of("project")
            if fact.kind == "ProjectMilestone" and project and _stage(fact) in STAGES:
                held = last.get(project)
                if held is None or _reached(fact) > _reached(held):
                    last[project] = fact
        rungs = []
        for stage in STAGES:
            counts = self._counted({f"{stage}-projects", f"projects-in-{stage}"})
            amounts = self._counted({f"{stage}-investment"})
            named = sorted((f for f in last.values() if _stage(f) == stage), key=lambda f: (f.position, f.iri))
            rungs.append(Rung(stage, counts, amounts, named))
        return rungs

    def stageless(self) -> list[str]:
        """Return the projects of which no stage is reported."""
        staged = {p for f in self.facts if f.kind == "ProjectMilestone" for p in f.iris("project")}
        return [i for i in sorted(self._of_class({"Project"})) if i not in staged]

    def _counted(self, codes: set[str]) -> list[Fact]:
        found = [f for f in self.facts if local_name(f.iri_of("indicator") or "") in codes]
        # The zone's own whole first: that is what a chart may draw.
        return sorted(found, key=lambda f: (f.iri_of("about") != self.iri, bool(f.iris("breakdown")), f.position))

    def platforms(self) -> list[Holding]:
        """Return the platforms, those in the zone first."""
        return self._holdings("Platform")

    def funds(self) -> list[Holding]:
        """Return the funds with how far each has come, the zone's own first."""
        return self._holdings("Fund")

    def _holdings(self, kind: str) -> list[Holding]:
        found = []
        for iri in sorted(self._of_class({kind})):
            mine = [f for f in self.facts if iri in f.entities()]
            progress = [f for f in mine if f.kind in {"StatusReport", "Certification"}]
            progress.sort(key=lambda f: (indicators.firmness(f), f.position))
            figures = [f for f in mine if f.kind == "IndicatorObservation" and not f.iris("breakdown")]
            ties = [f for f in mine if f.kind in {"Claim", "Partnership", "Investment"}]
            ours = iri in self.inside or any(f.subject == iri and f.object == self.iri for f in ties)
            found.append(Holding(iri, ours, _state(iri, ties, progress, figures), ties, progress, figures))
        return sorted(found, key=lambda h: (not h.own, min((f.position for f in h.facts), default=("", 0)), h.iri))

    def partners(self) -> list[Partner]:
        """Return who cooperates or trades with the zone or its things and isn't in it, those with most facts first."""
        here = {self.iri, *self.inside}
        found: dict[str, list[Fact]] = defaultdict(list)
        for fact in self.facts:
            sides = {i for name in ("partner", "leadPartner", "supplier", "customer") for i in fact.iris(name)}
            if fact.predicate in _TIES:
                sides |= {i for i in (fact.subject, fact.object) if i and i.startswith(ID)}
            if sides & here:
                for iri in sides - here:
                    found[iri].append(fact)
        return [Partner(i, f) for i, f in sorted(found.items(), key=lambda x: (-len(x[1]), x[1][0].position, x[0]))]

    def timeline(self) -> list[tuple[int, list[Fact]]]:
        """Return the facts whose time is stated by their first year, in order; within a year in order of day."""
        years: dict[int, list[tuple[date, Fact]]] = defaultdict(list)
        for fact in self.facts:
            day = fact.day("refersTo") or first_day(fact) or fact.day("validTo")
            if day:
                years[day.year].append((day, fact))
        return [
            (year, [f for _, f in sorted(years[year], key=lambda x: (x[0], x[1].position, x[1].iri))])
            for year in sorted(years)
        ]

    def _of_class(self, kinds: set[str]) -> set[str]:
        named = {i for f in self.facts for i in f.entities()} | set(self.inside)
        return {i for i in named if self.names[i].class_name in kinds}


def _stage(fact: Fact) -> str:
    return local_name(fact.iri_of("stageReached") or "")


def _reached(fact: Fact) -> tuple[object, ...]:
    # What is only expected of a project doesn't put it on a higher rung than what has happened.
    return (fact.modality == "actual", STAGES.index(_stage(fact)), fact.iri)


def _state(iri: str, ties: Sequence[Fact], progress: Sequence[Fact], figures: Sequence[Fact]) -> str:
    there = any(
        f.modality == "actual" and (f.kind == "Certification" or local_name(f.iri_of("step") or "") in _THERE)
        for f in progress
    )
    placed = any(f.modality == "actual" and f.subject == iri and f.predicate in _BEING for f in ties)
    counted = any(f.modality == "actual" and f.iri_of("about") == iri for f in figures)
    if there or placed or counted:
        return "established"
    return "pending" if progress or any(f.modality != "actual" for f in ties) else "unclear"


def zone(store: Reader, slug: str, selection: Selection | None = None) -> ZoneView:
    """Return the view of a zone.

    Raises
    ------
    NotFound
        If the graph has no such zone.
    """
    iri = f"{BASE}id/zone/{slug}"
    try:
        view = explore.entity(store, iri)
    except NotFound:
        raise NotFound("zone", slug, "The page /zones lists all of them.") from None
    here = inside(store, iri)
    names = view.names
    facts = {fact.iri: fact for fact in view.facts}
    near = {iri, *here}
    # What the zone undertakes belongs to it as well, and says which platforms it builds up.
    measures = {f.subject for f in view.facts if f.predicate == f"{KG}adoptedBy" and f.object == iri and f.subject}
    _add(facts, facts_of(store, {*here, *measures}))
    names.load(store, explore.named_in(facts.values()) | set(here))
    attached = _attached(facts.values(), names, ATTACHED, near)
    _add(facts, facts_of(store, attached))
    names.load(store, explore.named_in(facts.values()))
    further = _attached(
        (f for f in facts.values() if _of(f, names, "Fund")), names, frozenset({"Fund"}), near | attached
    )
    _add(facts, facts_of(store, further))
    names.load(store, explore.named_in(facts.values()) | {f"{BASE}scheme/project-stage/{s}" for s in STAGES})
    chosen = selection or Selection()
    kept = sorted(chosen.keep(facts.values()), key=lambda f: (f.position, f.iri))
    return ZoneView(view, here, kept, names, chosen)


def inside(store: Reader, iri: str) -> dict[str, str]:
    """Return what a statement places in a zone, with the modality of the statement."""
    found: dict[str, str] = {}
    for row in store.select(paths.query("zones/contents.rq"), {"zone": NamedNode(iri)}):
        if local_name(iri_in(row, "class")) in ENTITY_SEGMENTS:
            found.setdefault(iri_in(row, "thing"), local_name(iri_in(row, "modality")))
    return found


def facts_of(store: Reader, things: Iterable[str]) -> list[Fact]:
    """Return the facts in which any of these things takes part."""
    nodes = [NamedNode(thing) for thing in sorted(things)]
    return explore.facts_from(store, store.select(paths.query("zones/facts.rq"), {"things": nodes})) if nodes else []


def _add(facts: dict[str, Fact], more: Iterable[Fact]) -> None:
    facts.update((fact.iri, fact) for fact in more)


def _attached(facts: Iterable[Fact], names: Names, kinds: frozenset[str], known: set[str]) -> set[str]:
    named = {i for f in facts for i in f.entities()} - known
    return {i for i in named if names[i].class_name in kinds}


def sectors(view: ZoneView) -> list[tuple[str, list[Fact]]]:
    """Return the statements that link the zone with industries and fields, by predicate, the most telling first."""
    found: dict[str, list[Fact]] = defaultdict(list)
    for fact in view.facts:
        if fact.subject == view.iri and fact.predicate and (fact.object or "").startswith(_FIELDS):
            found[fact.predicate].append(fact)
    return sorted(found.items(), key=lambda x: (x[0] != f"{KG}leadingIndustry", x[1][0].position))


def _of(fact: Fact, names: Names, kind: str) -> bool:
    return any(names[i].class_name == kind for i in fact.entities()) and fact.predicate != f"{KG}possiblySameAs"

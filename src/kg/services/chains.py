"""Industry chains: segments in order, who takes part, and the stages of the template that no document speaks of."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from pyoxigraph import NamedNode

from kg import paths
from kg.errors import NotFound
from kg.model.label import local_name
from kg.model.vocabulary import BASE, KG
from kg.services import explore
from kg.services.explore import EntityView, Fact, Names, iri_in, number_in, text_in
from kg.services.remembered import per_version
from kg.store.protocol import Reader

#: From upstream to downstream; what has no position comes last.
POSITIONS = ("upstream", "upper-midstream", "midstream", "lower-midstream", "downstream")
_FIRMNESS = {"actual": 0, "underway": 1, "expected": 2, "target": 3, "planned": 4, "intended": 5}


@dataclass
class Stage:
    """A segment that a document names, or a stage of the template that none does (`silent`).

    Attributes
    ----------
    link
        What says that it follows the stage before it: a document, the template, or nothing.
    """

    iri: str
    position: str = ""
    silent: bool = False
    modality: str = "actual"
    members: dict[str, str] = field(default_factory=dict)
    fills: str | None = None
    link: Literal["", "stated", "template"] = ""
    order: int | None = None

    @property
    def firm(self) -> bool:
        """Whether something has happened here: the segment is actual, and so is the part that someone takes in it."""
        return self.modality == "actual" and (not self.members or "actual" in self.members.values())


@dataclass
class Chain:
    """A chain with its zones, leaders and stages from upstream to downstream."""

    iri: str
    zones: list[str] = field(default_factory=list)
    leaders: dict[str, str] = field(default_factory=dict)
    template: str | None = None
    stages: list[Stage] = field(default_factory=list)

    @property
    def slug(self) -> str:
        """Local part of the IRI."""
        return self.iri.rpartition("/")[2]

    def members(self) -> set[str]:
        """Return everyone who takes part in some segment."""
        return {m for stage in self.stages for m in stage.members}


@dataclass(frozen=True)
class Chains:
    """The chains with what they name."""

    chains: Sequence[Chain]
    names: Names


@per_version
def listed(store: Reader) -> Chains:
    """Return all chains, those with the most members first."""
    chains: dict[str, Chain] = {}
    segments: dict[str, dict[str, Stage]] = defaultdict(dict)
    order: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in store.select(paths.query("chains/list.rq")):
        iri = iri_in(row, "chain")
        chain = chains.setdefault(iri, Chain(iri))
        modality = local_name(text_in(row, "modality") or "actual")
        if (template := text_in(row, "template")) and chain.template is None:
            chain.template = template
        if (zone := text_in(row, "zone")) and zone not in chain.zones:
            chain.zones.append(zone)
        if leader := text_in(row, "leader"):
            chain.leaders[leader] = _firmer(chain.leaders.get(leader), modality)
        if segment := text_in(row, "segment"):
            stage = segments[iri].setdefault(segment, Stage(segment))
            if position := text_in(row, "position"):
                stage.position = local_name(position)
            stage.fills = text_in(row, "fills") or stage.fills
            if following := text_in(row, "next"):
                order[iri].add((segment, following))
            elif member := text_in(row, "member"):
                stage.members[member] = _firmer(stage.members.get(member), modality)
            else:
                stage.modality = modality
    templates = _templates(store)
    for iri, chain in chains.items():
        chain.stages = _in_order(segments[iri], order[iri], templates.get(chain.template or "", []))
    found = sorted(chains.values(), key=lambda c: (-len(c.members()), c.iri))
    shown = {
        i
        for c in found
        for i in (c.iri, *c.zones, *c.leaders, *c.members(), *(s.iri for s in c.stages), *_positions(c.stages))
    }
    return Chains(found, Names().load(store, shown))


def _firmer(one: str | None, other: str) -> str:
    return other if one is None or _FIRMNESS.get(other, 9) < _FIRMNESS.get(one, 9) else one


def _positions(stages: Iterable[Stage]) -> list[str]:
    return [f"{BASE}scheme/chain-stage/{s.position}" for s in stages if s.position]


def _templates(store: Reader) -> dict[str, list[Stage]]:
    found: dict[str, list[Stage]] = defaultdict(list)
    for row in store.select(paths.query("chains/templates.rq")):
        position = local_name(text_in(row, "position") or "")
        stage = Stage(iri_in(row, "stage"), position, silent=True, order=number_in(row, "order"))
        found[iri_in(row, "template")].append(stage)
    return found


def _in_order(segments: Mapping[str, Stage], order: set[tuple[str, str]], template: Sequence[Stage]) -> list[Stage]:
    """Put the segments in order, with the template's silent stages where the template has them.

    A silent stage stands after every stage that comes earlier in the template, and after every segment that fills none
    and lies further upstream.
    """
    places = {stage.iri: stage.order for stage in template}
    stages = _sorted(segments, order)
    for segment in stages:
        segment.order = places.get(segment.fills or "")
    filled = {s.fills for s in stages}
    for stage in template:
        if stage.iri not in filled:
            before = [n for n, s in enumerate(stages) if _is_before(s, stage)]
            stages.insert(max(before, default=-1) + 1, replace(stage))
    for one, other in pairwise(stages):
        if (one.iri, other.iri) in order:
            other.link = "stated"
        elif one.silent or other.silent:
            other.link = "template"
    return stages


def _is_before(one: Stage, other: Stage) -> bool:
    if one.order is not None and other.order is not None:
        return one.order < other.order
    return _place(one) < _place(other)


def _sorted(segments: Mapping[str, Stage], order: set[tuple[str, str]]) -> list[Stage]:
    """Sort by position and by what precedes what; a cycle of precedence is cut at its first IRI."""
    left = dict(segments)
    done: list[Stage] = []
    while left:
        free = [s for s in left.values() if not any(b == s.iri and a in left and a != b for a, b in order)]
        chosen = min(free or left.values(), key=lambda s: (_place(s), not _follows(s, done, order), s.iri))
        done.append(left.pop(chosen.iri))
    return done


def _follows(stage: Stage, done: Sequence[Stage], order: set[tuple[str, str]]) -> bool:
    return bool(done) and (done[-1].iri, stage.iri) in order


def _place(stage: Stage) -> int:
    return POSITIONS.index(stage.position) if stage.position in POSITIONS else len(POSITIONS)


@dataclass(frozen=True)
class ChainView:
    """Everything that the page of a chain shows."""

    chain: Chain
    view: EntityView
    facts: Sequence[Fact]
    inputs: Mapping[str, Sequence[Fact]]
    outputs: Mapping[str, Sequence[Fact]]
    names: Names


def chain(store: Reader, slug: str) -> ChainView:
    """Return the view of a chain.

    Raises
    ------
    NotFound
        If the graph has no such chain.
    """
    iri = f"{BASE}id/chain/{slug}"
    everything = listed(store)
    found = next((c for c in everything.chains if c.iri == iri), None)
    if found is None:
        raise NotFound("chain", slug, "The page /chains lists all of them.")
    view = explore.entity(store, iri)
    facts = explore.facts_from(store, store.select(paths.query("chains/facts.rq"), {"chain": NamedNode(iri)}))
    inputs: dict[str, list[Fact]] = defaultdict(list)
    outputs: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.subject and fact.predicate == f"{KG}hasInput":
            inputs[fact.subject].append(fact)
        elif fact.subject and fact.predicate == f"{KG}hasOutput":
            outputs[fact.subject].append(fact)
    names = view.names
    names.known.update(everything.names.known)
    names.load(store, explore.named_in(facts))
    return ChainView(found, view, facts, inputs, outputs, names)

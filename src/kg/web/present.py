"""How facts are put on a page: rows with a label, values, modality, time and evidence, in groups.

Nothing here asks the store: services bring the facts and the names, templates bring the markup.
"""

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Literal

from pyoxigraph import Literal as RdfLiteral
from pyoxigraph import NamedNode

from kg.model.figure import YUAN, Figure, print_figure
from kg.model.label import Label, choose, local_name
from kg.model.vocabulary import BASE, FACT_SEGMENTS, ID, KG, ONTOLOGY, ORG, PERIOD, RDF
from kg.services.explore import MANNER, Fact, Names, Passage
from kg.web.i18n import has, translate

#: Class to kind: the colour's name, and the seal's character in zh and en.
KINDS: Final = {
    "DevelopmentZone": ("zone", "区", "Z"),
    "Enterprise": ("ent", "企", "E"),
    "University": ("uni", "校", "U"),
    "ResearchInstitute": ("uni", "院", "U"),
    "ResearchTeam": ("uni", "队", "U"),
    "Project": ("proj", "项", "P"),
    "Facility": ("proj", "设", "P"),
    "Product": ("prod", "品", "G"),
    "Technology": ("prod", "技", "G"),
    "Brand": ("prod", "牌", "G"),
    "IndustryChain": ("prod", "链", "C"),
    "ChainSegment": ("prod", "环", "C"),
    "ChainTemplate": ("prod", "链", "C"),
    "TemplateStage": ("prod", "环", "C"),
    "Platform": ("plat", "台", "H"),
    "Fund": ("fund", "资", "F"),
    "FinancialInstitution": ("fund", "金", "F"),
    "Policy": ("pol", "策", "L"),
    "Measure": ("pol", "举", "L"),
    "Standard": ("cert", "标", "A"),
    "IntellectualProperty": ("cert", "知", "A"),
    "NewsArticle": ("doc", "文", "D"),
    "Person": ("doc", "人", "N"),
    "GovernmentBody": ("doc", "政", "O"),
    "ServiceAgency": ("doc", "介", "O"),
    "Organization": ("doc", "组", "O"),
    "Event": ("doc", "事", "V"),
    "Place": ("doc", "地", "R"),
    "AdministrativeDivision": ("doc", "地", "R"),
}
_FACT_SEAL: Final = ("doc", "实", "K")
_CODE_SEAL: Final = ("doc", "码", "C")

#: The groups of an entity's page in their order, and what falls into each: predicates of claims, classes of facts.
_GROUPS: Final = {
    "figures": "IndicatorObservation",
    "products": "produces feature distinction appliedIn industry hasBrand usesMaterial substitutesImport promotes "
    "focusesOn leadingIndustry providesService motto purpose",
    "technology": "developed usesTechnology holdsIP builtBy ownedBy partOf draftedBy protects",
    "recognition": "Certification AwardReceipt",
    "cooperation": "Partnership Supply connectedTo serves supports contributesTo attracted commercializesResultsOf",
    "chain": "ChainRole hasChain hasSegment precedes inSegment hasInput hasOutput chainLeader",
    "projects": "ProjectMilestone Investment undertakenBy listsProject projectsCover projectsFrom",
    "platforms": "hostedBy operatedBy residentIn establishedBy",
    "policy": "adoptedBy appliesTo issuedBy attractsVia organizedBy participatesIn strategicFor",
    "progress": "StatusReport",
    "people": "Position worksFor authoredBy",
    "place": "inZone locatedIn inDivision administeredBy hasTestSiteAt foundedOn",
}
GROUPS: Final[tuple[tuple[str, frozenset[str]], ...]] = tuple((k, frozenset(v.split())) for k, v in _GROUPS.items())
#: For each class of fact, the property that names the row, and those whose values follow, in order.
_SHAPES: Final[dict[str, tuple[str | None, tuple[str, ...]]]] = {
    "IndicatorObservation": ("indicator", ("about", "breakdown", "setBy", "event")),
    "Investment": (None, ("investor", "target", "instrument", "fundingStage")),
    "Partnership": ("form", ("leadPartner", "partner", "topic", "outcome")),
    "Certification": (None, ("holder", "certType", "topic", "level", "authority", "step")),
    "AwardReceipt": (None, ("holder", "award", "topic", "level", "authority", "event")),
    "ProjectMilestone": (None, ("project", "stageReached", "authority")),
    "StatusReport": (None, ("about", "step", "level", "authority", "event")),
    "ChainRole": (None, ("chain", "member", "chainRole")),
    "Position": (None, (f"{ORG}member", f"{ORG}organization")),
    "Supply": (None, ("supplier", "customer", "product")),
}
MODALITIES: Final = ("actual", "underway", "expected", "target", "planned", "intended")
#: A date's precision isn't stated: the last day of a year stands for the year, as the data's convention has it.
_YEAR_END: Final = (12, 31)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a row's value: an entity, a code, a text, a figure, or the arrow from a statement's subject."""

    kind: Literal["entity", "code", "text", "figure", "arrow"]
    label: Label = Label("")
    href: str | None = None
    colour: str = ""
    seal: str = ""
    open: bool = False
    figure: Figure | None = None
    role: str = ""


@dataclass(frozen=True)
class Row:
    """A fact as a page shows it."""

    fact: Fact
    label: Label
    pieces: Sequence[Piece]
    time: str
    reason: Label | None = None
    doubt: Label | None = None
    note: Label | None = None
    wording: str | None = None
    incoming: bool = False
    repeats: bool = False

    @property
    def anchor(self) -> str:
        """The row's anchor."""
        return self.fact.path.replace("/", "-")


@dataclass(frozen=True)
class Group:
    """Rows under one heading."""

    key: str
    rows: Sequence[Row]


def href(iri: str) -> str | None:
    """Return the address of a resource's page; None for what has none here."""
    if iri.startswith(f"{ONTOLOGY}#"):
        return f"/ontology#{local_name(iri)}"
    path = iri.removeprefix(BASE)
    if path == iri:
        return None
    room, _, rest = path.partition("/")
    if room == "id":
        segment, _, slug = rest.partition("/")
        return f"/{segment}s/{slug}" if segment in {"zone", "chain", "document"} else f"/entity/{rest}"
    return f"/entity/{path}" if room in {"scheme", "unit", "period"} and rest else None


def seal(class_name: str, language: str) -> tuple[str, str]:
    """Return the colour's name and the seal's character of a class."""
    colour, zh, en = KINDS.get(class_name, _FACT_SEAL if class_name in FACT_SEGMENTS else _CODE_SEAL)
    return colour, zh if language == "zh" else en


class Presenter:
    """Puts facts on the pages of one language."""

    def __init__(self, names: Names, language: str) -> None:
        self.names = names
        self.language = language

    def t(self, key: str, **values: object) -> str:
        """Return a string of the interface."""
        return translate(self.language, key, **values)

    def label(self, iri: str) -> Label:
        """Return the label of a resource; terms of other vocabularies have theirs among the strings."""
        label = self.names[iri].label(self.language)
        if not label.language and not iri.startswith(BASE) and has(f"term.{label.text}"):
            return Label(self.t(f"term.{label.text}"), self.language)
        return label

    def title(self, iri: str) -> Label:
        """Return a document's title in its own words, whatever the reader's language."""
        return self.names[iri].label("zh")

    def translation(self, iri: str) -> Label | None:
        """Return a document's title in the reader's language, where that isn't the document's own."""
        label = self.label(iri)
        return label if label != self.title(iri) else None

    def entity(self, iri: str, *, modality: str = "actual", role: str = "") -> Piece:
        """Return an entity as a seal with its name; hollow where the fact that names it isn't actual."""
        resource = self.names[iri]
        if not iri.startswith(ID) or resource.class_name not in KINDS:
            return Piece("code", resource.label(self.language), href(iri), role=role)
        colour, character = seal(resource.class_name, self.language)
        return Piece(
            "entity", resource.label(self.language), href(iri), colour, character, open=modality != "actual", role=role
        )

    def row(self, fact: Fact, entity: str | None = None) -> Row:
        """Return a fact as a row on the page of an entity (None: on a page that isn't one's own)."""
        if fact.kind == "Claim":
            label, pieces, incoming = self._claim(fact, entity)
        else:
            label, pieces, incoming = self._node(fact, entity)
        return Row(
            fact,
            label,
            pieces,
            self.time(fact),
            self._prose(fact, "reason"),
            self._prose(fact, "doubt"),
            self._prose(fact, "note"),
            self._wording(fact),
            incoming,
        )

    def _wording(self, fact: Fact) -> str | None:
        """Return what the document calls the figure, unless the row shows it anyway as the name of something."""
        if wording := fact.text("wording"):
            named = {name.value for terms in fact.values.values() for name in terms if isinstance(name, NamedNode)}
            if any(self.names[iri].label("zh").text == wording for iri in named):
                return None
        return wording

    def _claim(self, fact: Fact, entity: str | None) -> tuple[Label, list[Piece], bool]:
        predicate = fact.predicate or ""
        incoming = entity is not None and fact.object == entity and fact.subject != entity
        pieces = []
        if fact.subject and (entity is None or fact.subject != entity):
            pieces.append(self.entity(fact.subject, modality="actual" if entity is None else fact.modality))
        if entity is None and pieces:
            pieces.append(Piece("arrow"))
        if fact.object:
            if fact.object != entity:
                pieces.append(self.entity(fact.object, modality=fact.modality))
        else:
            pieces += [Piece("text", text) for text in self.stated(fact)]
        return self.label(predicate), pieces, incoming

    def _node(self, fact: Fact, entity: str | None) -> tuple[Label, list[Piece], bool]:
        head, order = _SHAPES.get(fact.kind, (None, ()))
        named = fact.iri_of(head) if head else None
        label = self.label(named) if named else Label(self.t(f"class.{fact.kind}"), self.language)
        pieces: list[Piece] = []
        if figure := self.figure(fact):
            pieces.append(Piece("figure", figure=figure))
        shown = {entity, named}
        rest = [p for p in fact.values if p not in MANNER and p.removeprefix(KG) not in order and p not in order]
        for name in (*order, *sorted(rest)):
            if name.removeprefix(KG) in {head, "comparedWith"}:
                continue
            for iri in fact.iris(name):
                if iri not in shown:
                    shown.add(iri)
                    pieces.append(self.entity(iri, modality=fact.modality, role=local_name(name)))
        if title := self._prose(fact, "positionTitle"):
            pieces.append(Piece("text", title))
        return label, pieces, False

    def stated(self, fact: Fact) -> list[Label]:
        """Return the value that a claim states: text in the reader's language, where it has been translated."""
        values = fact.literals(f"{RDF}object")
        if any(value.language for value in values):
            return [choose([*values, *fact.literals("translation")], self.language)]
        return [self.literal(value) for value in values]

    def literal(self, value: RdfLiteral) -> Label:
        """Return a literal as text: true is a word, the last day of a year is the year, a number is as it is."""
        if local_name(value.datatype.value) == "boolean":
            return Label(self.t("yes" if value.value in {"true", "1"} else "no"), self.language)
        if local_name(value.datatype.value) == "date":
            # As for a fact's time: the graph writes a year as its last day, and no page may make a day of it.
            with contextlib.suppress(ValueError):
                return Label(_day(date.fromisoformat(value.value)))
        return Label(value.value, value.language or "")

    def figure(self, fact: Fact) -> Figure | None:
        """Return the figure of a fact, or None where it has none."""
        amount = fact.number("amount")
        value = next((n for n in (fact.number("value"), amount, fact.number("quantity")) if n is not None), None)
        if value is None:
            return None
        unit = fact.iri_of("unit") or (YUAN if amount is not None else None)
        qualifier = local_name(fact.iri_of("qualifier") or "exact")
        return self.print(value, unit, value_max=fact.number("valueMax"), qualifier=qualifier)

    def print(
        self, value: Decimal, unit: str | None, *, value_max: Decimal | None = None, qualifier: str = "exact"
    ) -> Figure:
        """Print a value with the symbol that the code list gives its unit."""
        symbol = None
        if unit and unit.startswith(BASE):
            resource = self.names[unit]
            symbol = choose(resource.symbols or resource.labels, self.language, unit).text
        return print_figure(value, unit, self.language, value_max=value_max, qualifier=qualifier, symbol=symbol)

    def unit(self, unit: str | None) -> str:
        """Return the symbol of a unit."""
        return self.print(Decimal(1), unit).unit

    def time(self, fact: Fact) -> str:
        """Return the time that a fact refers to, as far as its document tells."""
        since, until, day = fact.day("validFrom"), fact.day("validTo"), fact.day("refersTo")
        period = fact.iri_of("period")
        end = until or day
        if since and end and since <= end:
            text = _span(since, end)
        elif since:
            text = self.t("time.since", day=_day(since, start=True))
        elif until:
            text = self.t("time.until", day=_day(until))
        elif day:
            text = _day(day)
        elif period:
            text = self.period(period)
        else:
            text = self.t("time.unknown")
        if fact.text("dateInferred") == "true" and (since or until or day):
            text = self.t("time.inferred", day=text)
        if ended := fact.day("endedOn"):
            text = f"{text} {self.t('time.ended', day=_day(ended))}"
        return text

    def period(self, iri: str) -> str:
        """Return the name of a named period."""
        key = f"period.{iri.removeprefix(PERIOD)}"
        return self.t(key) if has(key) else self.label(iri).text

    def groups(self, facts: Iterable[Fact], entity: str) -> list[Group]:
        """Return an entity's facts in groups; what points at it comes last, in a group of its own."""
        sorted_in: dict[str, list[Row]] = defaultdict(list)
        for fact in facts:
            row = self.row(fact, entity)
            sorted_in["incoming" if row.incoming else group_of(fact)].append(row)
        return [
            Group(key, _together(sorted_in[key]))
            for key in (*(g for g, _ in GROUPS), "other", "incoming")
            if sorted_in.get(key)
        ]

    def _prose(self, fact: Fact, name: str) -> Label | None:
        literals = fact.literals(name)
        return choose(literals, self.language) if literals else None


def group_of(fact: Fact) -> str:
    """Return the group that a fact falls into."""
    key = local_name(fact.predicate or "") if fact.kind == "Claim" else fact.kind
    return next((group for group, members in GROUPS if key in members), "other")


def _together(rows: list[Row]) -> list[Row]:
    """Keep rows of one label together, the labels in the order of their first position; mark those that repeat one."""
    first: dict[str, int] = {}
    for place, row in enumerate(rows):
        first.setdefault(row.label.text, place)
    found = sorted(rows, key=lambda r: first[r.label.text])
    return [replace(r, repeats=n > 0 and r.label == found[n - 1].label) for n, r in enumerate(found)]


def _span(since: date, end: date) -> str:
    if since == end:
        return _day(end)
    first, last = _day(since, start=True), _day(end)
    # Years stand for themselves at both ends, or months or days do: 2025–2025-10-31 is nobody's way of writing.
    if len(first) == len(last):
        return f"{first}–{last}"
    whole_months = since.day == 1 and (end + timedelta(days=1)).day == 1
    return f"{since:%Y-%m}–{end:%Y-%m}" if whole_months else f"{since.isoformat()}–{end.isoformat()}"


def _day(day: date, *, start: bool = False) -> str:
    if (day.month, day.day) == ((1, 1) if start else _YEAR_END):
        return str(day.year)
    return day.isoformat()


def modality_counts(facts: Iterable[Fact]) -> list[tuple[str, int]]:
    """Return how many facts have each modality, in the fixed order; what no fact has is left out."""
    count: dict[str, int] = defaultdict(int)
    for fact in facts:
        count[fact.modality] += 1
    return [(m, count[m]) for m in MODALITIES if count[m]]


# --- drawings: geometry only, the template makes the SVG --------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    """A paragraph of a document as a bar, with the cited ranges; lengths in percent of the longest paragraph."""

    document: str
    paragraph: int
    width: float
    marks: Sequence[tuple[float, float, Passage]]


def bars(passages: Iterable[Passage], extents: Mapping[str, Sequence[tuple[int, int, int]]]) -> list[Bar]:
    """Return the paragraphs in which the passages stand.

    Parameters
    ----------
    extents
        For each document, (paragraph, first, last) as far as any evidence reaches: the text itself needn't be there.
    """
    inside: dict[tuple[str, int], list[Passage]] = defaultdict(list)
    for passage in {p.iri: p for p in passages}.values():
        inside[(passage.document, passage.paragraph or 0)].append(passage)
    known = {(d, n): (first, last) for d, rows in extents.items() for n, first, last in rows}
    lengths = {key: max(1, known.get(key, (0, 1))[1] - known.get(key, (0, 1))[0]) for key in inside}
    longest = max(lengths.values(), default=1)
    found = []
    for key in sorted(inside):
        first, last = known.get(key, (0, 1))
        scale = 100 / longest
        marks = [
            (round((p.start - first) * scale, 2), round(max(1.2, (p.end - p.start) * scale), 2), p)
            for p in sorted(inside[key], key=lambda p: p.start)
        ]
        found.append(Bar(key[0], key[1], round((last - first) * scale, 2), marks))
    return found


@dataclass(frozen=True)
class MapLine:
    """A line of a passage map; `mark` is the cited range in it, in percent of a full line."""

    y: int
    width: float
    mark: tuple[float, float] | None


#: Characters that a line of the map stands for.
MAP_LINE = 44


def passage_map(passage: Passage, extent: tuple[int, int] | None) -> list[MapLine]:
    """Return a paragraph drawn as lines, with the cited range marked in place."""
    first, last = extent or (passage.start, passage.end)
    first, last = min(first, passage.start), max(last, passage.end)
    lines = []
    for number, start in enumerate(range(first, max(last, first + 1), MAP_LINE)):
        end = min(start + MAP_LINE, last)
        left, right = max(start, passage.start), min(end, passage.end)
        mark = ((left - start) / MAP_LINE * 100, (right - left) / MAP_LINE * 100) if right > left else None
        lines.append(MapLine(number * 11 + 3, round((end - start) / MAP_LINE * 100, 1), mark))
    return lines


@dataclass(frozen=True)
class Branch:
    """A neighbour in the drawing of direct relations."""

    y: int
    text: str
    full: str
    relation: str
    relation_label: Label
    piece: Piece
    modality: str


DRAWN: Final = 12
#: The kinds that a reader asks for first; the others follow in the order of the facts.
_TELLING: Final = (
    *("DevelopmentZone", "Enterprise", "University", "ResearchInstitute", "Project", "Platform", "Fund", "Product"),
    *("IndustryChain", "Technology", "Facility", "GovernmentBody"),
)
#: A box holds this many 汉字: the name on the left, the relation on the right.
_BOX_CHARS: Final = 18.5


def width(text: str) -> float:
    """Return the width of a text in 汉字; an ASCII character counts a little more than half."""
    return sum(0.56 if character.isascii() else 1 for character in text)


def fit(text: str, limit: float) -> str:
    """Shorten a text to a width in 汉字.

    >>> fit("空心玻璃微珠", 4)
    '空心玻…'
    """
    if width(text) <= limit:
        return text
    kept = ""
    for character in text:
        if width(kept + character) > limit - 1:
            break
        kept += character
    return f"{kept.rstrip()}…"


def branches(presenter: Presenter, neighbours: Sequence[tuple[str, Fact]]) -> list[Branch]:
    """Return the drawing of an entity's direct relations: one line for each neighbour, most telling kinds first."""
    kinds = list(_TELLING)
    shown = [(iri, fact) for iri, fact in neighbours if presenter.names[iri].class_name in KINDS]
    # The sort is stable: within a kind, what has happened stays before what is planned.
    shown.sort(key=lambda n: kinds.index(c) if (c := presenter.names[n[0]].class_name) in kinds else len(kinds))
    drawn: list[Branch] = []
    for iri, fact in shown[:DRAWN]:
        label = presenter.label(iri)
        row = presenter.row(fact)
        piece = presenter.entity(iri, modality=fact.modality)
        relation = fit(row.label.text, 7)
        name = fit(label.text, _BOX_CHARS - width(relation))
        drawn.append(Branch(44 + len(drawn) * 34, name, label.text, relation, row.label, piece, fact.modality))
    return drawn

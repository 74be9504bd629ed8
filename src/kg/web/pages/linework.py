"""How a chain's line-up is put into words: its boxes, lines and rows, for pages and for what is saved."""

import textwrap
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from kg.model.label import Label
from kg.model.vocabulary import BASE, ID
from kg.services import chains, drawing, lineup
from kg.services.canvas import Canvas, Edge, Entry, Node
from kg.services.drawing import Drawing, DrawnBox, DrawnLine
from kg.services.explore import Fact, Names
from kg.services.layout import BOX_HEIGHT
from kg.services.lineup import LANES, UNKNOWN, Choice, LineUp, Standing
from kg.web import i18n, present
from kg.web.pages.common import checked_slug, link
from kg.web.present import Piece, Presenter
from kg.web.state import state

#: Width of the text beside a seal, and from a box's side where there is none, in pixels.
_BESIDE_SEAL, _ALONE = 36, 18


@dataclass(frozen=True)
class ShownBox:
    """A box with its words.

    Attributes
    ----------
    name, sub
        The name and the second line, as they fit.
    words
        The second line whole: whether it leads the chain, modality, size, zones.
    """

    box: DrawnBox
    piece: Piece
    name: str
    sub: str
    words: str
    leader: bool
    address: str
    drawer: str

    @property
    def spoken(self) -> str:
        """What the box says, in one line."""
        return f"{self.piece.label.text} · {self.words}" if self.words else self.piece.label.text


@dataclass(frozen=True)
class ShownLine:
    """A line with its words, and the address of the fact that it shows."""

    line: DrawnLine
    words: str
    address: str
    drawer: str


class ChainPresenter(Presenter):
    """Puts a chain's line-up on a page of one language."""

    def __init__(self, line: LineUp, language: str) -> None:
        # A copy: the line-up is remembered and shared, and a page adds what else it names.
        super().__init__(Names(dict(line.names.known)), language)
        self.line = line
        self._labels: dict[str, Label] = {}

    @cached_property
    def drawn(self) -> Drawing:
        """The placed boxes and lines."""
        return drawing.draw(self.line)

    def label(self, iri: str) -> Label:
        """Return the label of a resource; a large chain asks for the same ones again and again."""
        if iri not in self._labels:
            self._labels[iri] = super().label(iri)
        return self._labels[iri]

    def position(self, stage: chains.Stage) -> str:
        """Return whether a stage is upstream or downstream, in words."""
        return (
            self.label(f"{BASE}scheme/chain-stage/{stage.position}").text
            if stage.position
            else self.t("chain.no_position")
        )

    def amount(self, standing: Standing) -> str:
        """Return how large an entity is, with what is counted and its modality where that isn't the box's."""
        fact = standing.amount
        figure = self.figure(fact) if fact else None
        if fact is None or figure is None:
            return ""
        words = f"{self.row(fact).label.text} {figure}"
        return words if fact.modality == standing.modality else f"{self.t(f'modality.{fact.modality}')} {words}"

    def short_amount(self, standing: Standing) -> str:
        """Return the figure alone, as a box has room for it."""
        figure = self.figure(standing.amount) if standing.amount else None
        if standing.amount is None or figure is None:
            return ""
        same = standing.amount.modality == standing.modality
        return f"{figure}" if same else f"{self.t(f'modality.{standing.amount.modality}')} {figure}"

    def zone_names(self, standing: Standing) -> str:
        """Return the zones of an entity; empty where no document says."""
        return self.t("list.comma").join(self.label(zone).text for zone in standing.zones)

    def zone_label(self, slug: str) -> Label:
        """Return the name of a zone by its slug, or of the lack of one."""
        if slug == UNKNOWN:
            return Label(self.t("chain.zone_unknown"), self.language)
        return self.label(lineup.zone_iri(slug))

    def words(self, standing: Standing, *, short: bool = False) -> list[str]:
        """Return what is said of an entity on a stage, the most telling first."""
        leads = ""
        if standing.leader:
            leads = self.t("chain.leader")
            if standing.leader != "actual":
                leads = f"{leads} ({self.t(f'modality.{standing.leader}')})"
        modality = self.t(f"modality.{standing.modality}")
        amount = self.short_amount(standing) if short else self.amount(standing)
        return [w for w in (leads, modality, amount, self.zone_names(standing)) if w]

    def stage_words(self, stage: chains.Stage) -> str:
        """Return what is said of a stage: that nobody speaks of it, or how many stand on it by modality."""
        if stage.silent:
            return self.t("silent")
        standing = self.line.on(stage.iri)
        if not standing:
            everyone = any(box.stage == stage.iri for box in self.line.everyone)
            return self.t("chain.none_chosen" if everyone else "chain.nobody_short")
        counts = present.modality_counts(fact for box in standing for fact in box.facts[:1])
        return " · ".join(self.t("chain.count", n=n, modality=self.t(f"modality.{code}")) for code, n in counts)

    @cached_property
    def boxes(self) -> list[ShownBox]:
        """Return the boxes of the drawing with their words, as they fit."""
        return [self._box(box) for box in self.drawn.boxes]

    def _box(self, box: DrawnBox) -> ShownBox:
        piece = self.entity(box.entity, modality=box.modality)
        words = " · ".join(self.words(box.standing)) if box.standing else self.stage_words(box.stage)
        short = " · ".join(self.words(box.standing, short=True)) if box.standing else words
        if box.standing is None and not box.silent and box.stage.modality != "actual":
            words = short = f"{self.t(f'modality.{box.stage.modality}')} · {words}"
        room = box.rect.width - (_ALONE if box.silent else _BESIDE_SEAL)
        # Pixels of a 汉字 in the box's type; Latin letters of regular weight take less than `present.width` gives them.
        strong = box.standing is None or bool(box.standing.leader)
        em = 12.2 if box.silent or (piece.label.text.isascii() and not strong) else 13.2
        return ShownBox(
            box,
            piece,
            present.fit(piece.label.text, room / em),
            present.fit(short, room / 11.2),
            words,
            bool(box.standing and box.standing.leader),
            piece.href or "",
            self._drawer(entity=box.entity.removeprefix(ID), stage=box.stage.iri.removeprefix(ID)),
        )

    @cached_property
    def lines(self) -> list[ShownLine]:
        """Return the lines of the drawing with their words."""
        found = []
        entities = {box.id: box.entity for box in self.drawn.boxes}
        for line in self.drawn.lines:
            # Who takes part is told first, though the line starts at the stage.
            source, target = (line.source, line.target) if line.kind != "role" else (line.target, line.source)
            ends = f"{self.label(entities[source]).text} → {self.label(entities[target]).text}"
            path = line.fact.removeprefix(ID)
            words = self.t("chain.line_template", ends=ends) if line.kind == "template" else ends
            found.append(
                ShownLine(
                    line,
                    words,
                    present.href(line.fact) or "" if line.fact else "",
                    self._drawer(fact=path) if path else "",
                )
            )
        return found

    @cached_property
    def _drawer_start(self) -> str:
        """The address of a drawer under the choice, up to what is opened: the same for every box."""
        parameters = self.line.choice.facts.parameters()
        found = link(f"/chains/{self.line.chain.slug}/drawer{'?' if parameters else ''}{urlencode(parameters)}")
        return f"{found}{'&' if '?' in found else '?'}"

    def _drawer(self, **parameters: str) -> str:
        return self._drawer_start + "&".join(f"{name}={quote(value)}" for name, value in parameters.items())

    def lane_names(self) -> list[str]:
        """Return the names of the lanes from top to bottom."""
        return [self.t(f"lane.{lane}") for lane in LANES]

    def legend(self) -> list[Entry]:
        """Return the legend of what is saved: kinds that are there, and every kind of line and box."""
        boxes = self.boxes
        seals = {(b.piece.colour, b.piece.seal): self.t(f"class.{self.names[b.box.entity].class_name}") for b in boxes}
        kinds = [Entry("seal", words, colour, seal) for (colour, seal), words in seals.items() if seal]
        return [
            *kinds,
            Entry("main", self.t("chain.key_main")),
            Entry("role", self.t("chain.key_role")),
            Entry("expected", self.t("chain.key_expected")),
            Entry("planned", self.t("chain.key_planned")),
            Entry("template", self.t("chain.key_template")),
            Entry("none", self.t("chain.key_silent")),
        ]

    def canvas(self, *, notes: bool = False) -> Canvas:
        """Return the interactive drawing: the same boxes and lines at the same places.

        Parameters
        ----------
        notes
            Whether the boxes bring their facts in words: a file does, which can ask nobody for them.
        """
        columns = [self.position(stage) for stage in self.line.stages]
        silent, empty = self.t("lane.silent"), self.t("lane.none_chosen")
        bands = drawing.bands(self.drawn, self.lane_names(), columns, silent, empty)
        return Canvas(self.nodes(notes=notes), self.edges(), bands=bands, options={"start": "top"})

    def nodes(self, *, notes: bool = False) -> list[Node]:
        """Return the boxes of the interactive drawing."""
        return [
            Node(
                b.box.id,
                b.piece.label.text,
                b.box.rect.centre,
                b.box.rect.middle,
                b.box.rect.width,
                BOX_HEIGHT,
                kind=b.piece.colour or "doc",
                seal="" if b.box.silent else b.piece.seal,
                modality="none" if b.box.silent else b.box.modality,
                sub=b.sub,
                spoken=b.spoken,
                href=b.address,
                strong=(b.box.standing is None and not b.box.silent) or b.leader,
                notes=self._notes(b.box) if notes else (),
                more={"drawer": b.drawer, "entity": b.box.entity},
            )
            for b in self.boxes
        ]

    def edges(self) -> list[Edge]:
        """Return the lines of the interactive drawing."""
        return [
            Edge(
                f"{n}",
                s.line.source,
                s.line.target,
                line=s.line.kind,
                open=not s.line.sure and s.line.kind != "template",
                arrow=s.line.kind != "role",
                points=s.line.points,
                spoken=s.words,
                more={"drawer": s.drawer} if s.drawer else {},
            )
            for n, s in enumerate(self.lines)
        ]

    def _notes(self, box: DrawnBox) -> list[str]:
        """Return the facts of a box in words, each with its modality, time and place, for what leaves the service."""
        if box.standing is None:
            return [self.t("chain.silent_stage")] if box.silent else []
        facts = [*box.standing.facts, *([box.standing.amount] if box.standing.amount else [])]
        return [self.sentence(fact) for fact in facts]

    def places(self, fact: Fact) -> list[str]:
        """Return where a fact stands, each place as document, paragraph and characters."""
        return [
            f"{self.title(p.document).text} "
            f"{self.t('passage.where', paragraph=p.paragraph or '?', start=p.start, end=p.end)}"
            for p in fact.evidence
        ]

    def sentence(self, fact: Fact) -> str:
        """Return a fact as one line of text."""
        row = self.row(fact)
        pieces = " ".join(str(x.figure) if x.figure else "→" if x.kind == "arrow" else x.label.text for x in row.pieces)
        places = self.t("list.comma").join(self.places(fact))
        return " · ".join(
            w for w in (row.label.text, pieces, self.t(f"modality.{fact.modality}"), row.time, places) if w
        )


def presenter(slug: str, choice: Choice) -> ChainPresenter:
    """Return a chain's line-up under a choice, ready to be shown."""
    return ChainPresenter(lineup.lineup(state().store, checked_slug("chain", slug), choice), i18n.language())


def drawn(p: ChainPresenter) -> dict[str, Any]:
    """Return what the templates need for the drawing of a chain."""
    return {
        "drawing": p.drawn,
        "boxes": p.boxes,
        "lines": p.lines,
        "lane_names": LANES,
        "lane_lines": [textwrap.wrap(name, 12) for name in p.lane_names()],
    }


def spine(p: ChainPresenter) -> list[tuple[chains.Stage, list[tuple[str, list[ShownBox]]]]]:
    """Return the stages with their boxes by lane, for a phone and for a reader without pictures."""
    shown = {b.box.id: b for b in p.boxes}
    found = []
    for stage in p.line.stages:
        standing = p.line.on(stage.iri)
        lanes = [(lane, [shown[s.id] for s in standing if s.lane == lane]) for lane in LANES]
        found.append((stage, [(lane, boxes) for lane, boxes in lanes if boxes]))
    return found


@dataclass(frozen=True)
class TableRow:
    """A line of a chain's table: an entity on a stage by one fact."""

    stage: chains.Stage
    standing: Standing
    row: present.Row
    role: str
    amount: str
    first: bool


def rows(p: ChainPresenter, most: int | None = None) -> list[tuple[chains.Stage, list[TableRow]]]:
    """Return the table of a line-up: for each stage, one line for each fact that puts an entity there.

    Parameters
    ----------
    most
        How many boxes are told of; None for all.
    """
    found = []
    told = {box.id for box in p.line.boxes[:most]}
    for stage in p.line.stages:
        lines: list[TableRow] = []
        for standing in p.line.on(stage.iri):
            if standing.id not in told:
                continue
            amount = p.amount(standing)
            lines += [
                TableRow(stage, standing, p.row(fact), lineup.role_of(fact), amount, n == 0)
                for n, fact in enumerate(standing.facts)
            ]
        found.append((stage, lines))
    return found

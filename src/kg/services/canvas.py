"""The graph model of every interactive drawing: a pyvis network that is quick, and written by a template of our own.

Pyvis is used for its model and for `generate_html` alone. Its own templates ask a CDN in every mode and let labels
through as markup; ours escapes whatever it is given, keeps the data in a JSON block, and names the scripts' hashes in
its policy. Who draws is ``web/src/canvas.js``, on the service's pages and in the single file alike.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from markupsafe import Markup
from pyvis.network import Network

from kg import paths

#: Facts of a node that a single file carries; a box of thousands would make the file too large to open.
NOTES_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Node:
    """A box.

    Attributes
    ----------
    id
        Its name in the drawing; the IRI, or anything else that is used once.
    label
        The whole label, as text: read out, searched for, shown where it is opened.
    x, y
        The centre, in pixels of the drawing.
    width, height
        The size, in the same pixels.
    kind
        The colour's name (``ent``, ``prod`` …), as in the style sheet's ``--k-…``.
    seal
        One character that says the kind without colour.
    modality
        The code of the modality, which makes the line: solid, dashed, or ``none`` for what no document speaks of.
    text
        The label as it fits into the box; the whole label, shortened when drawn, where this is empty.
    tag
        A few words at the right of the box.
    sub
        A second line below the label, for boxes that are high enough: modality, zone, amount.
    spoken
        What a screen reader says of it; the label, the tag and the second line where this is empty.
    href
        The address of its page, for what opens one.
    strong
        Whether the label is bold and the line thick: a stage, a chain's leader, what the view is about.
    notes
        Facts in words, which a single file shows when the box is opened: at most `NOTES_MAX` are kept.
    more
        What the page's own script needs: counts, scores, classes. JSON values only.
    """

    id: str
    label: str
    x: float
    y: float
    width: int = 208
    height: int = 28
    kind: str = "doc"
    seal: str = ""
    modality: str = "actual"
    text: str = ""
    tag: str = ""
    sub: str = ""
    spoken: str = ""
    href: str = ""
    strong: bool = False
    notes: Sequence[str] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from one node to another.

    Attributes
    ----------
    id
        Its name, used once: parallel lines between two nodes are kept apart by it.
    line
        ``main``: the main line, strong and with an arrow. ``role``: who does what, thin. ``template``: dotted, an order
        that no document states. ``path``: a line that is picked out.
    open
        Whether it is dashed: what it says hasn't happened yet.
    arrow
        Whether it ends in an arrow.
    points
        Its corners where it has a route; a straight line, while both ends stand where they stood, otherwise.
    label
        A few words beside it.
    spoken
        What it says in words.
    more
        As for a node.
    """

    id: str
    source: str
    target: str
    line: Literal["main", "role", "template", "path"] = "role"
    open: bool = False
    arrow: bool = False
    points: Sequence[tuple[float, float]] = ()
    label: str = ""
    spoken: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Band:
    """A lane (a row across the drawing) or a column with its name; drawn behind the boxes and never moved."""

    label: str
    x: float
    y: float
    width: float
    height: float
    kind: Literal["lane", "column", "silent"] = "lane"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the legend: the mark it explains, and the words for it.

    `mark` is ``seal`` (then `kind` and `seal` say which), or the modality or the kind of line.
    """

    mark: str
    words: str
    kind: str = ""
    seal: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What a single file says in the reader's language.

    Attributes
    ----------
    language
        The language's tag.
    as_of, version
        The date of the data and the graph's version, each a whole sentence or phrase.
    hint
        How it is worked by mouse and by keyboard.
    boxes
        Heading of the list of boxes.
    drawing
        What a screen reader calls the drawing.
    """

    language: str
    as_of: str
    version: str
    hint: str
    boxes: str
    drawing: str


class Canvas(Network):  # type: ignore[misc]  # pyvis has no types
    """A drawing's nodes and edges, for the pages' script and for a single file.

    Parameters
    ----------
    nodes, edges
        What is drawn; an edge whose end isn't among the nodes raises.
    bands
        Lanes and columns behind them.
    options
        Options of the script, which reach it as they are: ``draggable`` (false: boxes stay), ``start`` (``top``: a
        drawing that is too large to be read as a whole begins at its upper left).

    Examples
    --------
    >>> canvas = Canvas([Node("a", "甲", 0, 0), Node("b", "乙", 300, 0)], [Edge("1", "a", "b"), Edge("2", "a", "b")])
    >>> canvas.num_nodes(), canvas.num_edges()
    (2, 2)
    >>> sorted(canvas.page_data())
    ['bands', 'edges', 'nodes', 'options']
    """

    def __init__(
        self,
        nodes: Iterable[Node] = (),
        edges: Iterable[Edge] = (),
        *,
        bands: Iterable[Band] = (),
        options: Mapping[str, Any] | None = None,
    ) -> None:
        # Undirected networks drop parallel lines; the stock resources are never written.
        super().__init__(directed=True, cdn_resources="local")
        # Assigned, not set: `set_options` strips every space, those of a font's name too.
        self.options = dict(options or {})
        # The environment is pyvis's own, before anything was compiled in it: our folder, and everything escaped.
        self.templateEnv.autoescape = True
        self.templateEnv.loader.searchpath = [str(paths.asset("web/templates"))]
        self.path = "_canvas.html"
        self.bands = list(bands)
        for node in nodes:
            self.put(node)
        for edge in edges:
            self.connect(edge)

    def add_node(self, n_id: str, label: str | None = None, shape: str = "custom", **options: Any) -> None:
        """Add a node; one that is there already stays as it is. In constant time, unlike pyvis's."""
        if n_id not in self.node_map:
            made = {"id": n_id, "shape": shape, **options}
            if label is not None:
                made["label"] = label
            self.node_map[n_id] = made
            self.nodes.append(made)
            self.node_ids.append(n_id)

    def add_edge(self, source: str, to: str, **options: Any) -> None:
        """Add an edge; parallel ones are kept. In constant time, unlike pyvis's.

        Raises
        ------
        ValueError
            If an end isn't among the nodes.
        """
        for end in (source, to):
            if end not in self.node_map:
                raise ValueError(f"edge {source!r} → {to!r}: {end!r} isn't among the nodes")
        self.edges.append({**options, "from": source, "to": to})

    def put(self, node: Node) -> None:
        """Add a node of ours: what vis knows stands at the top, what our script draws under ``kg``."""
        drawn = {
            "label": node.label,
            "width": node.width,
            "height": node.height,
            "kind": node.kind,
            "seal": node.seal,
            "modality": node.modality,
            "text": node.text,
            "tag": node.tag,
            "sub": node.sub,
            "spoken": node.spoken,
            "href": node.href,
            "strong": node.strong,
            "notes": list(node.notes[:NOTES_MAX]),
            "more": dict(node.more),
        }
        # No label and no title for vis: it would measure the one on each draw and show the other in its own way.
        self.add_node(node.id, x=node.x, y=node.y, kg={k: v for k, v in drawn.items() if v not in ("", False, [], {})})

    def connect(self, edge: Edge) -> None:
        """Add an edge of ours. It is hidden: the script draws routes, which vis has no notion of."""
        drawn = {
            "line": edge.line,
            "open": edge.open,
            "arrow": edge.arrow,
            "points": [list(point) for point in edge.points],
            "label": edge.label,
            "spoken": edge.spoken,
            "more": dict(edge.more),
        }
        kept = {k: v for k, v in drawn.items() if v not in ("", False, [], {})}
        self.add_edge(edge.source, edge.target, id=edge.id, hidden=True, kg=kept)

    def page_data(self) -> dict[str, Any]:
        """Return what the script needs, as values of JSON; a template puts it on the page by ``tojson``."""
        bands = [
            {"label": b.label, "x": b.x, "y": b.y, "width": b.width, "height": b.height, "kind": b.kind}
            for b in self.bands
        ]
        return {"nodes": self.nodes, "edges": self.edges, "bands": bands, "options": self.options}

    def standalone(
        self, title: str, legend: Sequence[Entry], words: Words, *, scripts: Sequence[str], style: str
    ) -> str:
        """Return the drawing as one HTML file that needs nothing else: no network, no folder beside it.

        Parameters
        ----------
        title
            What the drawing is called.
        legend
            What its marks mean, in words.
        words
            Date, version and the few sentences, in the reader's language.
        scripts
            The texts of the scripts in their order: vis-network, then ours.
        style
            The text of the style sheet.

        Notes
        -----
        The policy in the file allows these scripts and this style by their hashes and nothing else, so that a label
        which looked like a script couldn't be one even if the escaping failed.
        """
        parts = [_inline(script, "script") for script in scripts]
        sheet = _inline(style, "style")
        policy = "; ".join(
            (
                "default-src 'none'",
                f"script-src {' '.join(_hash(part) for part in parts)}",
                f"style-src {_hash(sheet)}",
                "img-src data: blob:",
                "base-uri 'none'",
                "form-action 'none'",
            )
        )
        # The texts are the project's own and the wheel's, never data: they alone aren't escaped.
        self.templateEnv.globals.update(
            title=title,
            legend=legend,
            words=words,
            policy=policy,
            scripts=[Markup(part) for part in parts],  # noqa: S704
            style=Markup(sheet),  # noqa: S704
            data=self.page_data(),
        )
        return str(self.generate_html())


def _inline(text: str, element: str) -> str:
    """Return a text as it may stand inside an element: line ends as a parser makes them, nothing that ends it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # A source map would be the only thing that the file asks for.
    text = "\n".join(line for line in text.split("\n") if not line.startswith("//# sourceMappingURL="))
    if f"</{element}" in text.casefold() or "<!--" in text:
        raise ValueError(f"this can't stand inside <{element}>")
    return text


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

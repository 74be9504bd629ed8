"""Graphs as files for Gephi, yEd, Cytoscape and networkx: GraphML and GEXF, by the writers of networkx."""

import io
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import networkx as nx

from kg.services.canvas import Canvas

#: The media type of each format.
MEDIA_TYPES: Final = {"graphml": "application/graphml+xml", "gexf": "application/gexf+xml"}
#: Characters that XML 1.0 has no way to write.
_UNWRITABLE: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Format = Literal["graphml", "gexf"]


def graph_of(canvas: Canvas, about: Mapping[str, Any] | None = None) -> "nx.MultiDiGraph[str]":
    """Return a drawing as a graph: label, kind, modality and place of each box, line and modality of each line.

    Parameters
    ----------
    about
        What the file says of itself: title, date, version.

    Notes
    -----
    y grows downwards in a drawing and upwards in the programs that read these files: it is turned over.
    """
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(**(about or {}))
    for node in canvas.nodes:
        look = node["kg"]
        graph.add_node(
            node["id"],
            label=look.get("label", ""),
            kind=look.get("kind", ""),
            modality=look.get("modality", ""),
            words=look.get("sub", "") or look.get("tag", ""),
            x=float(node["x"]),
            y=-float(node["y"]),
            **look.get("more", {}),
        )
    for edge in canvas.edges:
        look = edge["kg"]
        graph.add_edge(
            edge["from"],
            edge["to"],
            key=edge["id"],
            label=look.get("label", "") or look.get("spoken", ""),
            line=look.get("line", ""),
            open=bool(look.get("open")),
            **look.get("more", {}),
        )
    return graph


def write_graph(graph: "nx.Graph[Any]", to: Format) -> bytes:
    """Return a graph as GraphML or GEXF, in UTF-8.

    Parameters
    ----------
    graph
        With attributes that are texts, numbers or truth values; others are written as text, and None isn't written.

    Notes
    -----
    A character that XML can't write becomes U+FFFD, in names of nodes too: two names that differ in such characters
    alone stay two nodes, told apart by a number. Everything else is escaped by the writer.
    """
    clean = type(graph)(**_attributes(graph.graph))
    names: dict[Any, str] = {}
    taken: set[str] = set()
    for node, data in graph.nodes(data=True):
        names[node] = _name(str(node), taken)
        clean.add_node(names[node], **_attributes(data))
    if graph.is_multigraph():
        for number, (one, other, data) in enumerate(graph.edges(data=True)):
            clean.add_edge(names[one], names[other], key=str(number), **_attributes(data))
    else:
        for one, other, data in graph.edges(data=True):
            clean.add_edge(names[one], names[other], **_attributes(data))
    out = io.BytesIO()
    if to == "graphml":
        nx.write_graphml_xml(clean, out, encoding="utf-8", named_key_ids=True)
    else:
        for number, (*_, data) in enumerate(clean.edges(data=True)):
            # Gephi takes the type of an edge and its id from attributes of these names.
            data.setdefault("id", str(number))
        for _, data in clean.nodes(data=True):
            place = {axis: data.pop(axis) for axis in ("x", "y") if isinstance(data.get(axis), float)}
            if len(place) == 2:
                data["viz"] = {"position": {**place, "z": 0.0}}
        nx.write_gexf(clean, out, encoding="utf-8")
    return out.getvalue()


def _name(text: str, taken: set[str]) -> str:
    clean = name = _UNWRITABLE.sub("\ufffd", text)
    number = 2
    while name in taken:
        name = f"{clean} ({number})"
        number += 1
    taken.add(name)
    return name


def _attributes(data: Mapping[str, Any]) -> dict[str, Any]:
    return {_key(name): _value(value) for name, value in data.items() if value is not None}


def _key(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", name) or "_"


def _value(value: Any) -> str | int | float | bool:
    if isinstance(value, bool | int | float):
        return value
    text = ", ".join(map(str, value)) if isinstance(value, Iterable) and not isinstance(value, str) else str(value)
    return _UNWRITABLE.sub("\ufffd", text)

"""Graphs as files: every node and line is read again, whatever the labels hold."""

import io

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.services.canvas import Canvas, Edge, Node
from kg.services.graphfile import graph_of, write_graph

HOSTILE = (
    *(
        "<img src=x onerror=alert(1)>",
        "</data></node>",
        "]]>",
        "&amp;",
        "\u202eabc",
        "\x00\x01\x1b",
        "\ufffe",
        "长" * 10_000,
    ),
    *("=1+1", "a\nb", "", " "),
)
READERS = {"graphml": nx.read_graphml, "gexf": nx.read_gexf}


def canvas(labels: list[str]) -> Canvas:
    nodes = [Node(f"n{i}", label, i * 10, i * 5, kind="ent", tag=label) for i, label in enumerate(labels)]
    edges = [Edge(f"e{i}", f"n{i}", f"n{i + 1}", label=labels[i]) for i in range(len(labels) - 1)]
    edges += [Edge(f"again{i}", f"n{i}", f"n{i + 1}", "main", open=True) for i in range(len(labels) - 1)]
    return Canvas(nodes, edges)


def clean(text: str) -> str:
    return "".join(c if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff") else "\ufffd" for c in text)


@pytest.mark.parametrize("form", ["graphml", "gexf"])
def test_hostile_labels_are_read_again(form: str) -> None:
    data = write_graph(graph_of(canvas(list(HOSTILE)), {"title": HOSTILE[0]}), form)
    found = READERS[form](io.BytesIO(data))
    assert set(found) == {f"n{i}" for i in range(len(HOSTILE))}
    assert found.number_of_edges() == 2 * (len(HOSTILE) - 1), "parallel lines are kept"
    for i, label in enumerate(HOSTILE):
        read = found.nodes[f"n{i}"].get("label") or ""
        # XML turns a carriage return into a line feed, and an empty text is none.
        assert read.strip() == clean(label).strip()


@given(st.lists(st.text(max_size=20), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_any_labels_are_read_again(labels: list[str]) -> None:
    for form, reader in READERS.items():
        found = reader(io.BytesIO(write_graph(graph_of(canvas(labels)), form)))
        assert found.number_of_nodes() == len(labels)


def test_names_that_differ_in_unwritable_characters_stay_apart() -> None:
    graph = nx.MultiDiGraph()
    graph.add_edge("a\x01", "a\x02")
    found = nx.read_graphml(io.BytesIO(write_graph(graph, "graphml")))
    assert set(found) == {"a\ufffd", "a\ufffd (2)"}
    assert set(graph) == {"a\x01", "a\x02"}, "the graph that was given stays as it was"


def test_attributes_of_any_kind_are_written() -> None:
    graph = nx.MultiDiGraph(title="图")
    graph.add_node("a", none=None, many=["x", "y"], whole=1, part=0.5, yes=True, **{"odd key<": "v"})
    found = nx.read_graphml(io.BytesIO(write_graph(graph, "graphml")))
    assert found.nodes["a"] == {"many": "x, y", "whole": 1, "part": 0.5, "yes": True, "odd_key_": "v"}
    assert found.graph["title"] == "图"


def test_places_are_kept_with_up_as_up() -> None:
    data = write_graph(graph_of(canvas(["甲", "乙"])), "gexf").decode()
    assert 'x="10.0"' in data
    assert 'y="-5.0"' in data
    found = nx.read_graphml(io.BytesIO(write_graph(graph_of(canvas(["甲", "乙"])), "graphml")))
    assert (found.nodes["n1"]["x"], found.nodes["n1"]["y"]) == (10.0, -5.0)


def test_an_undirected_graph_is_written_too() -> None:
    graph = nx.Graph([("a", "b")])
    assert READERS["gexf"](io.BytesIO(write_graph(graph, "gexf"))).number_of_edges() == 1
    assert READERS["graphml"](io.BytesIO(write_graph(graph, "graphml"))).number_of_edges() == 1

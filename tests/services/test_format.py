"""The sorted spelling: it says the same, it settles, and it changes nothing that it shouldn't."""

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kg.errors import ParseFailed
from kg.model.vocabulary import BASE, KG, PREFIXES, SKOS, XSD
from kg.services.base import BaseFiles
from kg.services.format import format_file, format_text, unformatted, write

_EDGES = [
    "",
    "a",
    "a.b",
    "a.",
    "-a",
    "a-",
    ".",
    "..",
    "//",
    "a/b",
    "a/./b",
    "a/../b",
    "a:b/c",
    "a#b",
    "a?b=c",
    "%41",
    "甲",
]
_SPACES = [
    BASE,
    *PREFIXES.values(),
    f"{BASE}id/enterprise/",
    f"{BASE}id/ev/",
    "http://example.org/",
    "urn:x:",
    "mailto:",
]
_LOCALS = st.one_of(
    st.sampled_from(_EDGES),
    st.text("abz09٣_-.~/:#?%2Aé甲", max_size=8).filter(lambda local: "%" not in local and local.count("#") < 2),
)


def _named(iri: str) -> ox.NamedNode | None:
    try:
        return ox.NamedNode(iri)
    except ValueError:
        return None


iris = st.builds(lambda space, local: _named(space + local), st.sampled_from(_SPACES), _LOCALS).filter(bool)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.text(
    "\"'\\\n\r\t\u2028\ufeff\x00 é", max_size=6
)
numbers = st.tuples(
    st.sampled_from(["integer", "decimal", "double", "boolean", "date"]),
    st.sampled_from(
        ["1", "005", "+5", "-0", "1.50", "-.5", "5.", "1e9", "1.E-3", "INF", "NaN", "true", "1\n", "٣", ""]
    ),
)
literals = st.one_of(
    st.builds(ox.Literal, texts),
    st.builds(
        lambda text, tag: ox.Literal(text, language=tag), texts, st.sampled_from(["zh", "zh-CN", "en", "de-1996"])
    ),
    st.builds(lambda pair: ox.Literal(pair[1], datatype=ox.NamedNode(XSD + pair[0])), numbers),
    st.builds(lambda text, datatype: ox.Literal(text, datatype=datatype), texts, iris),
)
graphs = st.sets(st.builds(ox.Triple, iris, iris, iris | literals), max_size=12)


def read(turtle: str) -> set[ox.Triple]:
    return {quad.triple for quad in ox.parse(turtle, ox.RdfFormat.TURTLE)}


def _iris(*values: str) -> set[ox.Triple]:
    return {ox.Triple(ox.NamedNode(value), ox.NamedNode("urn:p"), ox.Literal("")) for value in values}


@settings(max_examples=300, deadline=None)
@given(graphs)
@example(_iris("http://a/1٣", "http://a/1b"))
@example(_iris("http://a/" + "9" * 5000, "http://a/1"))
@example(_iris(f"{BASE}a/../b", f"{BASE}id/ev/a"))
def test_any_graph_reads_back_and_settles(graph: set[ox.Triple]):
    meant = read(ox.serialize(graph, format=ox.RdfFormat.N_TRIPLES).decode())
    spelt = format_text(ox.serialize(graph, format=ox.RdfFormat.N_TRIPLES).decode())
    assert read(spelt) == meant
    assert format_text(spelt) == spelt
    assert write(sorted(graph, key=str, reverse=True)) == write(graph), "the order of the input shows"


def test_a_language_tag_has_the_case_that_the_engine_answers_with():
    spelt = format_text('<urn:a> <urn:p> "x"@zh-CN .')
    assert spelt == '\n<urn:a>\n    <urn:p> "x"@zh-cn .\n'
    store = ox.Store()
    store.load(b'<urn:a> <urn:p> "x"@zh-CN .', format=ox.RdfFormat.TURTLE)
    (row,) = store.query("SELECT (LANG(?o) AS ?tag) { ?s ?p ?o }")
    assert row["tag"].value == "zh-cn"
    assert store.query('ASK { ?s ?p "x"@zh-CN }')
    assert list(store) == list(ox.parse(spelt, ox.RdfFormat.TURTLE))


def test_the_data_tag_chinese_and_english_alone(dataset):
    tags = {
        term.language
        for path in dataset.listed().values()
        for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)
        if isinstance(term := quad.object, ox.Literal) and term.language
    }
    assert tags == {"zh", "en"}


def test_order_and_spelling():
    found = format_text(
        f"<{BASE}id/ev/d-10-12> <{KG}charStart> 10 . <{BASE}id/ev/d-9-12> <{KG}charStart> 9 .\n"
        f"<{BASE}id/claim/1> <{KG}evidence> <{BASE}id/ev/d-9-12>, <{BASE}id/ev/d-10-12> .\n"
        f'<{BASE}id/enterprise/a> <{KG}fullName> "甲公司"@zh ; <{SKOS}prefLabel> "甲"@zh ; a <{KG}Enterprise> .\n'
        f'<{BASE}scheme/x> <{SKOS}notation> "5", 5, 1.50, true .'
    )
    assert found == (
        f"@base <{BASE}> .\n@prefix kg: <{KG}> .\n@prefix skos: <{SKOS}> .\n\n"
        '<scheme/x>\n    skos:notation 1.50, 5, "5", true .\n\n'
        '<id/enterprise/a>\n    a kg:Enterprise ;\n    skos:prefLabel "甲"@zh ;\n    kg:fullName "甲公司"@zh .\n\n'
        "<id/claim/1>\n    kg:evidence <id/ev/d-10-12>, <id/ev/d-9-12> .\n\n"
        "<id/ev/d-9-12>\n    kg:charStart 9 .\n\n<id/ev/d-10-12>\n    kg:charStart 10 .\n"
    )


def test_comments_at_the_head_stay():
    for text in (
        "# 一\n# two\n<urn:s> <urn:p> 1 . # lost\n",
        "# 一\r\n# two\r\n\r\n<urn:s> <urn:p> 1 .",
        "# 一\n# two\n\n",
    ):
        spelt = format_text(text)
        assert spelt.startswith("# 一\n# two\n\n")
        assert "lost" not in spelt
        assert "\r" not in spelt
        assert format_text(spelt) == spelt
    assert format_text("# alone").startswith("# alone\n")
    assert format_text("") == ""


@pytest.mark.parametrize(
    "text",
    [
        "[] <urn:p> 1 .",
        "<urn:s> <urn:p> _:b .",
        "<urn:s> <urn:p> ( 1 2 ) .",
        "<urn:s> <urn:p> <<( <urn:a> <urn:b> 1 )>> .",
        "<urn:s> <urn:p> <<( <urn:a> <urn:b> _:c )>> .",
    ],
)
def test_blank_nodes_and_triple_terms_are_refused(text: str):
    with pytest.raises(ParseFailed, match="no blank nodes and no triple terms; give an IRI"):
        format_text(text, "x.ttl")


def test_a_broken_text_is_named_with_its_line(tmp_path: Path):
    with pytest.raises(ParseFailed, match=r"x\.ttl, line 2") as caught:
        format_text("<urn:s> <urn:p> 1 .\n<urn:s> <urn:p> .", "x.ttl")
    assert (caught.value.path, caught.value.line) == ("x.ttl", 2)
    path = tmp_path / "latin.ttl"
    path.write_bytes(b'<urn:s> <urn:p> 1 .\n<urn:s> <urn:p> "\xe9" .\n')
    with pytest.raises(ParseFailed, match="UTF-8") as caught:
        format_file(path)
    assert caught.value.line == 2


def test_a_check_changes_nothing_and_sees_line_ends(tmp_path: Path):
    good, windows, odd = (tmp_path / f"{name}.ttl" for name in ("good", "windows", "odd"))
    spelt = format_text("<urn:s> <urn:p> 1 .")
    good.write_bytes(spelt.encode())
    windows.write_bytes(spelt.replace("\n", "\r\n").encode())
    odd.write_bytes(b'<urn:s> <urn:p> """a\r\nb""" .')
    before = {path: path.read_bytes() for path in (good, windows, odd)}
    assert unformatted(before) == [windows, odd]
    assert {path: path.read_bytes() for path in before} == before
    assert format_file(windows) == spelt
    assert {str(triple.object) for triple in read(format_file(odd))} == {'"a\\r\\nb"'}, "a long string's line ends stay"


def test_the_shipped_graph_is_in_the_sorted_spelling(dataset: BaseFiles):
    files = sorted(dataset.graph.rglob("*.ttl"))
    assert len(files) > 4
    assert unformatted(files) == []

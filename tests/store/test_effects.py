"""What an update may change, held against what the engine really does with it."""

import itertools
import re

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import QuerySyntaxError
from kg.store.effects import operations, with_dataset

G, H = "<urn:g>", "<urn:h>"
NAMED_ONLY = [
    "INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> 1 } }",
    "insertdata{graph<urn:g>{<urn:a><urn:b>1}}",
    "INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> '} <urn:x> <urn:y> <urn:z> {' } . GRAPH <urn:h> { } }",
    "DELETE DATA { GRAPH <urn:g> { <urn:s> <urn:p> 2 } }",
    "WITH <urn:g> DELETE { ?s ?p ?o } INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }",
    "DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }",
    "INSERT { GRAPH <urn:g> { ?s ?p ?o } } WHERE { ?s ?p ?o }",
    "INSERT { GRAPH <urn:g> { ?s ?p ?o } } USING <urn:h> USING NAMED <urn:g> WHERE { ?s ?p ?o }",
    "DELETE WHERE { GRAPH ?g { ?s ?p ?o } }",
    "DROP NAMED",
    "CLEAR NAMED",
    "DROP SILENT GRAPH <urn:g>",
    "CREATE SILENT GRAPH <urn:g>",
    "COPY DEFAULT TO <urn:g>",
    "ADD DEFAULT TO GRAPH <urn:g>",
    "MOVE <urn:g> TO <urn:h>",
    "PREFIX x: <urn:> # DROP ALL\nINSERT DATA { GRAPH x:g { x:a x:b x:c . } }; INSERT DATA { GRAPH x:h { x:a x:b 1 } }",
    "",
]
DEFAULT = [
    "INSERT DATA { <urn:a> <urn:b> 1 }",
    "INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> 1 } <urn:a> <urn:b> 1 }",
    "DELETE DATA { <urn:s> <urn:p> 1 }",
    "DELETE WHERE { ?s ?p ?o }",
    "DELETE WHERE { GRAPH <urn:g> { ?s ?p ?o } ?s ?p ?x }",
    "DELETE { ?s ?p 1 } USING <urn:g> WHERE { ?s ?p ?o }",
    "DELETE { GRAPH <urn:g> { ?s ?p ?o } } INSERT { ?s ?p 9 } WHERE { GRAPH <urn:g> { ?s ?p ?o } }",
    "DROP ALL",
    "dropall",
    "CLEAR SILENT DEFAULT",
    "COPY <urn:g> TO DEFAULT",
    "ADD <urn:g> TO DEFAULT",
    "MOVE DEFAULT TO <urn:g>",
    "INSERT DATA { GRAPH <urn:g> { } } ; DROP DEFAULT",
]


def store() -> ox.Store:
    found = ox.Store()
    found.update(
        "INSERT DATA { <urn:s> <urn:p> 1 . GRAPH <urn:g> { <urn:s> <urn:p> 2 } GRAPH <urn:h> { <urn:s> <urn:p> 3 } }"
    )
    return found


def default_graph(held: ox.Store) -> set[ox.Quad]:
    return set(held.quads_for_pattern(None, None, None, ox.DefaultGraph()))


@pytest.mark.parametrize("text", NAMED_ONLY)
def test_what_writes_named_graphs_alone(text: str) -> None:
    held = store()
    held.update(text)
    assert default_graph(held) == default_graph(store())
    assert [o.verb for o in operations(text) if o.default_graph] == []


@pytest.mark.parametrize("text", DEFAULT)
def test_what_changes_the_default_graph(text: str) -> None:
    held = store()
    held.update(text)
    assert default_graph(held) != default_graph(store())
    assert any(o.default_graph for o in operations(text))


NOT_FOLLOWED = [
    *("INSERT DATA {", "DROP", "DROP GRAPH", "COPY <urn:g> TO DEFAULT:x", "INSERT DATA { GRAPHx:g { } }"),
    *("LOAD <urn:x>", "DELETE { } WHER { }", "SELECT * { }", "DROP NAMED }", "DROP NAMED DROP ALL"),
    "WITH DEFAULT INSERT { } WHERE { }",
]


@pytest.mark.parametrize("text", NOT_FOLLOWED)
def test_what_is_not_followed_counts_as_a_change(text: str) -> None:
    assert operations(text)[-1].default_graph


PIECES = re.findall(
    r"\S+",
    "INSERT DELETE DATA WHERE WITH USING NAMED CLEAR DROP CREATE ADD MOVE COPY SILENT GRAPH DEFAULT ALL TO { } ; . "
    "<urn:g> <urn:h> ?s ?p ?o <urn:s> <urn:p> 1 x:a a DEFAULT: GRAPH:x '}' \"{\"",
)
SHAPES = [*NAMED_ONLY, *DEFAULT]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    words = draw(st.sampled_from(SHAPES)).replace("{", " { ").replace("}", " } ").split()
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(words)))
        words[place : place + draw(st.integers(0, 2))] = draw(st.lists(st.sampled_from(PIECES), max_size=2))
    gap = draw(st.sampled_from([" ", "\n", "", "#x\n"]))
    return "PREFIX x: <urn:x:> PREFIX GRAPH: <urn:y:> PREFIX DEFAULT: <urn:z:>" + gap + gap.join(words)


@settings(max_examples=1500, deadline=None)
@given(mutated())
def test_the_engine_never_changes_more_than_was_foreseen(text: str) -> None:
    held = store()
    try:
        foreseen = any(o.default_graph for o in operations(text))
        held.update(text)
    except (SyntaxError, RuntimeError, ValueError, QuerySyntaxError):
        return
    assert foreseen or default_graph(held) == default_graph(store())


@pytest.mark.parametrize(("defaults", "named"), list(itertools.product([[], [G], [G, H]], [[], [H]])))
def test_a_dataset_is_put_in_where_the_protocol_has_it(defaults: list[str], named: list[str]) -> None:
    text = (
        "DELETE WHERE { ?s <urn:p> ?o }; INSERT { GRAPH <urn:new> { ?s ?p ?o } } "
        "WHERE { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    )
    by_hand = store()
    clauses = "".join([f"USING {g} " for g in defaults] + [f"USING NAMED {g} " for g in named])
    by_hand.update(
        f"DELETE {{ ?s <urn:p> ?o }} {clauses} WHERE {{ ?s <urn:p> ?o }}; INSERT {{ GRAPH <urn:new> {{ ?s ?p ?o }} }} "
        f"{clauses} WHERE {{ {{ ?s ?p ?o }} UNION {{ GRAPH ?g {{ ?s ?p ?o }} }} }}"
    )
    held = store()
    held.update(with_dataset(text, defaults, named))
    assert set(held) == set(by_hand)


@pytest.mark.parametrize("own", ["WITH <urn:g> DELETE { ?s ?p ?o }", "DELETE { ?s ?p ?o } USING <urn:g>"])
def test_two_datasets_are_refused(own: str) -> None:
    with pytest.raises(QuerySyntaxError, match="use one of them"):
        with_dataset(f"{own} WHERE {{ ?s ?p ?o }}", [H], [])

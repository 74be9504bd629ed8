"""What a document is about; texts cut into paragraphs, and paragraphs where a passage begins or ends."""

from hypothesis import given
from hypothesis import strategies as st

from kg.services.documents import listed, paragraphs
from kg.services.explore import Passage
from kg.store.embedded import EmbeddedStore


def passage(start: int, end: int) -> Passage:
    return Passage(f"urn:{start}-{end}", "urn:d", start, end)


TWO_ZONES = """
PREFIX kg: <https://w3id.org/zone-kg/ontology#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
INSERT DATA {
  <urn:z> a kg:DevelopmentZone . <urn:visited> a kg:DevelopmentZone .
  <urn:e> kg:source <urn:d> . <urn:d> kg:textSha256 "0" .
  <urn:1> rdf:subject <urn:z> ; rdf:predicate kg:connectedTo ; rdf:object <urn:visited> ; kg:evidence <urn:e> .
  <urn:2> kg:about <urn:z> ; kg:evidence <urn:e> .
}
"""


def test_a_document_is_about_the_zones_that_it_states_facts_of_and_not_about_one_that_it_mentions(store: EmbeddedStore):
    with EmbeddedStore.open(None) as small:
        small.update(TWO_ZONES)
        assert [d.zones for d in listed(small)] == [("urn:z",)]
    zones = {d.key: d.zones for d in listed(store)}
    for key in ("datong", "gaoping", "shangdang", "shenchi"):
        (zone,) = zones[key]
        assert f"/id/zone/{key}" in zone


def test_empty_lines_count_as_no_paragraph() -> None:
    found = paragraphs("甲\n\n  \n乙丙\n", [])
    assert [(p.number, p.start, p.end) for p in found] == [(1, 0, 1), (2, 6, 8)]


def test_overlapping_passages_are_cut_at_each_end() -> None:
    one, other = passage(0, 3), passage(2, 5)
    pieces = paragraphs("一二三四五六", [one, other])[0].pieces
    assert [(text, covering) for text, covering, _ in pieces] == [
        ("一二", [one]),
        ("三", [one, other]),
        ("四五", [other]),
        ("六", []),
    ]
    assert [begins for _, _, begins in pieces] == [[one], [other], [], []]


def test_characters_beyond_the_basic_plane_count_once() -> None:
    assert paragraphs("𠮷甲", [passage(1, 2)])[0].pieces[1][0] == "甲"


@given(
    st.text(alphabet="甲乙\n 😀", max_size=30),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6),
)
def test_the_pieces_of_a_paragraph_are_the_paragraph(text: str, ends: list[tuple[int, int]]) -> None:
    passages = [passage(min(e), max(e)) for e in ends if e[0] != e[1]]
    for found in paragraphs(text, passages):
        assert "".join(piece for piece, _, _ in found.pieces) == text[found.start : found.end]
        covered = {i for p in passages for i in range(p.start, p.end)}
        position = found.start
        for piece, covering, _ in found.pieces:
            for _character in piece:
                assert (position in covered) == bool(covering)
                position += 1

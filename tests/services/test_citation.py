"""A basket: ids that an address may name, notes numbered as they first come."""

import pytest

from kg.errors import SelectionRefused
from kg.model.vocabulary import KG
from kg.services import citation, explore
from kg.store.embedded import EmbeddedStore


@pytest.mark.parametrize(
    "value", ["enterprise/e-1", "obs/", "obs/../x", "obs/a b", "<script>", "obs/a\nb", "https://x/y"]
)
def test_what_is_no_id_of_a_fact_is_refused(value: str) -> None:
    with pytest.raises(SelectionRefused) as caught:
        citation.parse(["obs/a", value])
    assert "facts=" in caught.value.reason


def test_a_page_has_its_limit() -> None:
    ids = [f"claim/{n:04}" for n in range(citation.FACTS_MAX)]
    assert citation.parse([",".join(ids)]) == ids
    with pytest.raises(SelectionRefused):
        citation.parse([",".join(ids), "claim/one-more"])


def test_notes_are_numbered_as_they_first_come(store: EmbeddedStore) -> None:
    rows = store.select(f"SELECT ?f {{ ?f <{KG}modality> ?m }} ORDER BY DESC(?f) LIMIT 40")
    ids = [explore.iri_in(row, "f").partition("/id/")[2] for row in rows]
    found = citation.basket(store, [*ids[:20], "obs/none-1", *ids[20:]])
    assert [fact.path for fact in found.facts] == ids
    assert list(found.gone) == ["obs/none-1"]
    assert found.ids(without=ids[3]) == [*ids[:3], *ids[4:]]
    cited = [number for fact in found.facts for number in found.numbers[fact.iri]]
    assert list(dict.fromkeys(cited)) == list(range(1, len(found.notes) + 1))
    assert len(cited) > len(found.notes), "some notes serve two facts"
    for fact in found.facts:
        assert [found.notes[n - 1].iri for n in found.numbers[fact.iri]] == [p.iri for p in fact.evidence]


def test_an_empty_basket_asks_the_store_for_nothing(store: EmbeddedStore) -> None:
    assert citation.basket(store, []).facts == []

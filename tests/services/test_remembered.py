"""What is remembered for a version of the store, and what is forgotten first."""

from kg.services.remembered import per_version
from kg.store.embedded import EmbeddedStore


def test_what_was_not_asked_for_the_longest_is_forgotten_first() -> None:
    computed = []

    @per_version(answers_max=2)
    def answer(store: EmbeddedStore, number: int) -> int:
        computed.append(number)
        return number

    with EmbeddedStore.open(None) as store:
        for number in (1, 2, 1, 3, 1, 2):
            answer(store, number)
    assert computed == [1, 2, 3, 2]

from pyoxigraph import Literal

from kg.model.label import Label, choose, local_name


def lit(text: str, language: str | None) -> Literal:
    return Literal(text, language=language) if language else Literal(text)


def test_the_fallback_goes_by_the_written_order() -> None:
    order = ["fr", "zh-CN", "zh", None, "en"]
    labels = [lit(str(language), language) for language in order]
    for position in range(len(order)):
        assert choose(labels[position:], "fr").text == str(order[position])


def test_another_language_is_better_than_a_local_name() -> None:
    assert choose([lit("Zone", "de")], "en", "https://example.org/zone") == Label("Zone", "de")


def test_without_a_label_the_local_name_stands() -> None:
    assert choose([], "zh", "https://example.org/a#b").text == "b"


def test_two_labels_of_one_language_give_the_same_one_each_time() -> None:
    assert choose([lit("乙", "zh"), lit("甲", "zh")], "zh") == choose([lit("甲", "zh"), lit("乙", "zh")], "zh")


def test_a_local_name_is_what_follows_the_last_mark() -> None:
    assert local_name("urn:x:y") == "y"
    assert local_name("https://example.org/") == "example.org"
    assert local_name("plain") == "plain"

"""Spans of a short text of our own: located, verified, and caught where one is shifted by a character."""

from pathlib import Path

import pytest

from kg.errors import DocumentUnreadable, PhraseAmbiguous, PhraseMissing
from kg.services import evidence
from kg.store.embedded import EmbeddedStore

FOLDER = Path(__file__).parent.parent / "data" / "evidence"
TEXT = (FOLDER / "jia.txt").read_bytes().decode("utf-8")
GRAPH = (FOLDER / "jia.ttl").read_text(encoding="utf-8")
ID = "https://w3id.org/zone-kg/id/"


def store_of(turtle: str) -> EmbeddedStore:
    store = EmbeddedStore.open(None)
    store.load_graph(None, turtle.encode("utf-8"), "text/turtle", replace=False)
    return store


def changed(old: str, new: str) -> EmbeddedStore:
    assert GRAPH.count(old) == 1
    return store_of(GRAPH.replace(old, new))


def test_a_phrase_is_located_in_code_points_and_paragraphs():
    # The character 𠮷 is one code point, two UTF-16 units and four bytes; blank lines aren't paragraphs.
    assert evidence.locate(TEXT, "拟建𠮷氏食品厂一座", "jia") == evidence.Span(
        "jia", 45, 54, 3, "8e07acc36a685d2dfdc01ac09b659f833ad20ccd9d016e4c55f4abd2110daeb4"
    )
    assert TEXT[45:54] == "拟建𠮷氏食品厂一座"
    assert evidence.locate(TEXT, "(本刊记者)").paragraph == 4
    assert evidence.locate(TEXT, "甲开发区二").paragraph == 1


def test_a_missing_phrase_is_refused():
    with pytest.raises(PhraseMissing, match="jia has no '乙开发区'"):
        evidence.locate(TEXT, "乙开发区", "jia")
    with pytest.raises(PhraseMissing):
        evidence.locate(TEXT, "")


def test_a_repeated_phrase_is_refused_with_its_positions():
    with pytest.raises(PhraseAmbiguous, match="2 times, at 47, 65") as caught:
        evidence.locate(TEXT, "𠮷氏食品厂", "jia")
    assert caught.value.positions == [47, 65]
    with pytest.raises(PhraseAmbiguous) as caught:
        evidence.locate("aaa", "aa")
    assert caught.value.positions == [0, 1]


def test_every_span_is_verified():
    report = evidence.check(store_of(GRAPH), FOLDER)
    assert report.passed
    assert report.failures == ()
    assert report.documents == (evidence.DocumentState("jia", f"{ID}document/jia-1", "verified", 3, 3),)
    assert (report.spans, report.verified, report.unchecked) == (3, 3, 0)


def test_a_span_shifted_by_a_character_is_caught():
    store = changed("kg:charStart 25 ; kg:charEnd 34", "kg:charStart 26 ; kg:charEnd 35")
    report = evidence.check(store, FOLDER)
    assert not report.passed
    assert (report.spans, report.verified) == (3, 2)
    assert report.failures == (
        evidence.Failure(
            "jia",
            f"{ID}ev/jia-25-34",
            "has another hash than the characters 26 to 35 of the text",
            (f"{ID}obs/jia-1",),
        ),
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("kg:charEnd 54", "kg:charEnd 84", "goes from 45 to 84, and the text has 83 characters"),
        ("kg:charStart 45", "kg:charStart 54", "goes from 54 to 54, and the text has 83 characters"),
        ("kg:charStart 45", "kg:charStart -1", "has '-1' as its start, which is no count"),
        ("kg:charStart 45", "kg:charStart 45, 46", "has 2 starts"),
        ("kg:charStart 45 ;", "", "has no start"),
        ("kg:paragraph 3", "kg:paragraph 2", "says paragraph 2, and starts in paragraph 3"),
        ("kg:charCount 83", "kg:charCount 82", "the graph says 82 as the number of characters, the file has 83"),
        ("kg:paragraphCount 4", "kg:paragraphCount 5", "the graph says 5 as the number of paragraphs, the file"),
        ('"d881dc3b', '"e881dc3b', "the graph says e881dc3b"),
    ],
)
def test_a_broken_span_or_document_is_caught(old, new, problem):
    report = evidence.check(changed(old, new), FOLDER)
    assert not report.passed
    assert [f.problem for f in report.failures if f.problem.startswith(problem)], report.failures


def test_evidence_of_no_document_is_caught():
    store = store_of(GRAPH + "<id/ev/lost> a kg:Evidence ; kg:charStart 1 .")
    report = evidence.check(store, FOLDER)
    assert not report.passed
    assert [(f.evidence, f.problem) for f in report.failures] == [
        (f"{ID}ev/lost", "has no document; has no end; has no paragraph; has no hash")
    ]


def test_nothing_checked_is_no_success(tmp_path):
    store = store_of(GRAPH)
    without_folder = evidence.check(store, None)
    assert not without_folder.passed
    assert (without_folder.spans, without_folder.verified, without_folder.unchecked) == (3, 0, 3)
    without_text = evidence.check(store, tmp_path)
    assert not without_text.passed
    assert without_text.unchecked == 3
    assert "there is no file jia.txt" in without_text.failures[0].problem
    assert not evidence.check(EmbeddedStore.open(None), FOLDER).passed


def test_a_key_leads_nowhere_else(tmp_path):
    inside = tmp_path / "sources"
    inside.mkdir()
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    (inside / "link.txt").symlink_to(tmp_path / "secret.txt")
    for key in ("../secret", "/etc/passwd", "", ".", "a/b", "a\\b", "a\0b", "link", "x" * 300, "jia\n"):
        with pytest.raises(DocumentUnreadable):
            evidence.read(inside, key)
        assert evidence.text_of(inside, key, evidence.digest("secret")) is None


def test_a_text_is_shown_only_where_it_is_the_one_that_was_read(tmp_path):
    digest = evidence.digest(TEXT)
    assert evidence.text_of(FOLDER, "jia", digest) == TEXT
    assert evidence.text_of(None, "jia", digest) is None
    assert evidence.text_of(FOLDER, "yi", digest) is None
    # Another line end shifts every position after it.
    (tmp_path / "jia.txt").write_bytes(TEXT.replace("\n", "\r\n").encode("utf-8"))
    assert evidence.text_of(tmp_path, "jia", digest) is None
    (tmp_path / "jia.txt").write_bytes(b"\xff\xfe")
    assert evidence.text_of(tmp_path, "jia", digest) is None


def test_the_shipped_graph_matches_the_articles(store, sources):
    report = evidence.check(store, sources)
    assert [str(failure) for failure in report.failures] == []
    assert report.passed

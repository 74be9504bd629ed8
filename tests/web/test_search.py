"""The page of search results, the list below the search box, and the hits in JSON."""

import re

import pytest

from kg.services.search import search


def test_hits_in_json_are_those_of_the_service(client, store):
    answer = client.get("/search.json?q=hnkj&limit=3&lang=en")
    assert answer.content_type == "application/json"
    assert answer.json["current"] is True
    assert [(h["iri"], h["label"], h["how"]) for h in answer.json["hits"]] == [
        (h.iri, h.label, h.how) for h in search(store, "hnkj", 3, "en")
    ]
    assert client.get("/search.json").json == {"current": True, "hits": []}
    assert len(client.get("/search.json?q=市").json["hits"]) == 20


@pytest.mark.parametrize("limit", ["0", "1001", "x", "-1", "１"])
def test_a_limit_that_is_none_is_refused(client, limit):
    answer = client.get(f"/search.json?q=x&limit={limit}", headers={"Accept": "application/json"})
    assert (answer.status_code == 400) == (limit != "１")


@pytest.mark.parametrize("path", ["/search?q={}", "/search?q={}&part=hits"])
@pytest.mark.parametrize(
    ("typed", "lang", "told"),
    [
        ("hnkj", "zh", ["<mark>海诺科技</mark>", 'lang="zh-Latn">hai nuo ke ji<']),
        ("海糯", "zh", ["<mark>海诺</mark>", "同音"]),
        ("海糯", "en", ["<mark>海诺</mark>", "sounds alike"]),
        ("海诺料技", "zh", ["<mark>海诺科技</mark>", "字形相近"]),
        ("Shanxi Univresity", "en", ["<mark>Shanxi University</mark>", "similar"]),
        ("Jin Innov", "zh", ['lang="en"><mark>Jin Innov</mark>']),
    ],
)
def test_what_matched_is_marked_and_how_is_told(client, path, typed, lang, told):
    markup = client.get(f"{path.format(typed)}&lang={lang}").text
    for piece in told:
        assert piece in markup
    if lang == "en":
        assert not re.search(r"同音|字形相近", markup)


@pytest.mark.parametrize("path", ["/search", "/search?part=hits&x="])
@pytest.mark.parametrize(
    "text", ["%00", "%ED%A0%80", "%E2%80%AE开", "<img onerror=alert(1)>", "a" * 10_000, '+-:"*~()^', "'\" OR 1=1"]
)
def test_hostile_text_is_text(client, path, text):
    answer = client.get(f"{path}{'&' if '?' in path else '?'}q={text}")
    assert answer.status_code == 200
    assert "<img" not in answer.text

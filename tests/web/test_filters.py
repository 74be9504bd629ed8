"""The filters of facts on the pages, the citable line, and identifiers that don't stand under titles."""

import html
import re

import pytest
from flask.testing import FlaskClient

from kg.model.vocabulary import KG
from kg.services import explore
from kg.services.selection import Selection
from kg.store.embedded import EmbeddedStore
from kg.web import cite
from kg.web.present import Presenter

BROWSER = {"Accept": "text/html"}


def first(store: EmbeddedStore, kind: str) -> str:
    rows = store.select(
        f"SELECT ?e (COUNT(*) AS ?n) {{ ?e a <{KG}{kind}> . ?f ?role ?e ; <{KG}modality> ?m }}"
        " GROUP BY ?e ORDER BY DESC(?n) LIMIT 1"
    )
    return explore.iri_in(rows[0], "e")


def shown(markup: str) -> set[str]:
    return set(re.findall(r'data-basket="([^"]+)"', markup))


@pytest.fixture(scope="module")
def enterprise(store: EmbeddedStore) -> str:
    return first(store, "Enterprise")


FILTERS = [
    "as-of=2010-06-30",
    "modality=planned&modality=underway",
    "certainty=stated",
    "modality=actual&as-of=2011-12-31",
]


@pytest.mark.parametrize("query", FILTERS)
def test_an_entity_shows_the_selected_facts_and_its_query_gives_the_same(
    client: FlaskClient, store: EmbeddedStore, enterprise: str, query: str
) -> None:
    path = "/entity/" + enterprise.partition("/id/")[2]
    markup = client.get(f"{path}?{query}", headers=BROWSER).get_data(as_text=True)
    arguments = {
        k: [v for n, v in re.findall(r"([a-z-]+)=([^&]+)", query) if n == k] for k in ("as-of", "modality", "certainty")
    }
    everything = explore.entity(store, enterprise).facts
    wanted = {f.path for f in Selection.from_args(arguments).keep(everything)}
    assert 0 < len(wanted) < len(everything)
    assert shown(markup) == wanted
    reproduced = html.unescape(re.findall(r'name="query" value="([^"]*)"', markup)[0])
    assert {explore.iri_in(r, "fact").partition("/id/")[2] for r in store.select(reproduced)} == wanted


def test_a_document_shows_the_selected_facts_and_its_query_gives_the_same(
    client: FlaskClient, store: EmbeddedStore
) -> None:
    slug = explore.iri_in(store.select(f"SELECT ?d {{ ?d a <{KG}NewsArticle> }} ORDER BY ?d LIMIT 1")[0], "d")
    address = f"/documents/{slug.rpartition('/')[2]}?modality=target,planned&certainty=stated"
    markup = client.get(address, headers=BROWSER).get_data(as_text=True)
    assert shown(markup)
    assert not re.findall(r'class="mod actual"', markup.partition('id="facts"')[2])
    reproduced = html.unescape(re.findall(r'name="query" value="([^"]*)"', markup)[0])
    assert {explore.iri_in(r, "fact").partition("/id/")[2] for r in store.select(reproduced)} == shown(markup)


@pytest.mark.parametrize("query", ["as-of=soon", "modality=done", "certainty=%3Cscript%3E"])
def test_what_selects_nothing_is_a_clear_400(client: FlaskClient, enterprise: str, query: str) -> None:
    path = "/entity/" + enterprise.partition("/id/")[2]
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert answer.json["advice"].startswith("Give ")
    page = client.get(f"{path}?{query}", headers=BROWSER)
    assert page.status_code == 400
    assert "<script>" not in page.get_data(as_text=True).partition("<body")[2]


def test_a_filter_keeps_what_else_the_address_says_and_can_be_cleared(client: FlaskClient, enterprise: str) -> None:
    path = "/entity/" + enterprise.partition("/id/")[2]
    markup = client.get(f"{path}?lang=en&x=%22%3E&modality=planned", headers=BROWSER).get_data(as_text=True)
    form = re.search(r'<form method="get" action="[^"]*".*?</form>', markup, re.DOTALL)
    assert form
    assert '<input type="hidden" name="x" value="&#34;&gt;">' in form[0]
    assert 'name="lang" value="en"' in form[0]
    assert f'href="{path}?lang=en&amp;x=%22%3E"' in form[0]
    assert re.findall(r'value="(\w+)" checked', form[0]) == ["planned", "stated", "inferred", "conjecture"]


def test_nothing_left_says_what_to_do(client: FlaskClient, enterprise: str) -> None:
    path = "/entity/" + enterprise.partition("/id/")[2]
    markup = client.get(f"{path}?modality=target", headers=BROWSER).get_data(as_text=True)
    assert shown(markup) == set()
    assert "筛选后没有事实" in markup
    assert "清除筛选" in markup


def test_an_identifier_stands_among_the_details_and_can_be_copied(client: FlaskClient, enterprise: str) -> None:
    path = "/entity/" + enterprise.partition("/id/")[2]
    markup = client.get(path, headers=BROWSER).get_data(as_text=True)
    heading = markup.partition("<h1")[2].partition('<details class="idn">')
    assert heading[1]
    assert "enterprise/" not in re.sub(r"<[^>]+>", "", heading[0])
    assert f'data-copy="{enterprise}"' in heading[2]


CITED = {
    "zh": (
        "大同经开区：高新技术企业数 25家（实际，2020，原文作“高新技术企业数量”）。"
        "出处：《创新驱动结硕果 赋能发展谱新篇》第6段第389–399字。"
    ),
    "en": (
        "Datong Economic and Technological Development Zone: High-tech enterprises 25 enterprises"
        " (actual, 2020, worded “高新技术企业数量”). Source: “创新驱动结硕果 赋能发展谱新篇”"
        " [Innovation bears fruit: Datong Economic and Technological Development Zone], ¶6, chars. 389–399. "
    ),
}


@pytest.mark.parametrize("language", CITED)
def test_a_figure_can_be_cited(store: EmbeddedStore, language: str) -> None:
    (fact,) = explore.load_facts(store, ["https://w3id.org/zone-kg/id/obs/datong-7b251225"])
    presenter = Presenter(explore.Names().load(store, explore.named_in([fact])), language)
    assert cite.line(presenter, fact) == CITED[language] + fact.iri


def test_every_fact_of_the_graph_can_be_cited_in_both_languages(store: EmbeddedStore) -> None:
    rows = store.select(f"SELECT ?fact ?property ?value {{ ?fact <{KG}modality> ?m ; ?property ?value }}")
    facts = explore.facts_from(store, rows)
    names = explore.Names().load(store, explore.named_in(facts))
    for language, empty in (("zh", "：（"), ("en", ": (")):
        presenter = Presenter(names, language)
        for fact in facts:
            told = cite.line(presenter, fact)
            assert told.endswith(fact.iri)
            assert empty not in told, told
            assert "\n" not in told
            assert "://w3id.org" not in told.removesuffix(fact.iri), told


def test_a_scaled_figure_tells_its_base_value(client: FlaskClient) -> None:
    path = "/entity/obs/shangdang-b0b0a20e"
    for language, printed, base in (("zh", "94.95", "9,495,000,000元"), ("en", "9.495 bn", "CNY 9,495,000,000")):
        markup = client.get(f"{path}?lang={language}", headers=BROWSER).get_data(as_text=True)
        assert f'<span class="fig" tabindex="0" title="{base}" data-base="{base}">' in markup
        assert f"<b>{printed}</b>" in markup

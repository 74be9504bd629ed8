"""The page of a basket: a plain address gives it, with notes that lead to the passages."""

import re
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from kg.services import citation

BROWSER = {"Accept": "text/html"}
FACTS = "obs/datong-7b251225,obs/datong-93ea56bf,obs/shangdang-b0b0a20e"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_facts_stand_with_notes_that_exist(client: FlaskClient, language: str) -> None:
    markup = client.get(f"/basket?facts={FACTS}&lang={language}", headers=BROWSER).get_data(as_text=True)
    ids = set(re.findall(r' id="([^"]+)"', markup))
    cited = re.findall(r'<sup><a href="#([^"]+)"', markup)
    assert len(cited) >= 3
    assert set(cited) <= ids
    assert {"obs-datong-7b251225", "obs-datong-93ea56bf", "obs-shangdang-b0b0a20e"} <= ids
    notes = markup.partition('id="notes"')[2]
    for address in re.findall(r'<li id="note-\d+"><a href="([^"]+)"', notes):
        page = client.get(address, headers=BROWSER).get_data(as_text=True)
        assert f'id="{address.partition("#")[2]}"' in page


def test_taking_out_gives_the_page_without_the_fact(client: FlaskClient) -> None:
    markup = client.get(f"/basket?facts={FACTS}", headers=BROWSER).get_data(as_text=True)
    addresses = re.findall(r'href="([^"]+)" data-drop="obs/datong-93ea56bf"', markup)
    assert [unquote(a) for a in addresses] == ["/basket?facts=obs/datong-7b251225,obs/shangdang-b0b0a20e"]
    rest = client.get(addresses[0], headers=BROWSER).get_data(as_text=True)
    assert "obs-datong-93ea56bf" not in rest


def test_an_empty_basket_says_how_to_fill_it(client: FlaskClient) -> None:
    answer = client.get("/basket", headers=BROWSER)
    assert answer.status_code == 200
    assert "资料篮是空的" in answer.get_data(as_text=True)


def test_what_is_gone_is_named(client: FlaskClient) -> None:
    markup = client.get("/basket?facts=claim/never-was", headers=BROWSER).get_data(as_text=True)
    assert "claim/never-was" in markup
    assert "资料篮是空的" in markup


@pytest.mark.parametrize("facts", ["%3Cscript%3E", "zone/z-1", ",".join(f"claim/{n}" for n in range(301))])
def test_what_is_no_basket_is_a_400(client: FlaskClient, facts: str) -> None:
    answer = client.get(f"/basket?facts={facts}")
    assert answer.status_code == 400
    assert answer.json["advice"].startswith("Give ")


def test_the_browser_keeps_as_many_as_a_page_prints() -> None:
    from kg import paths

    script = (paths.asset("web/src") / "basket.js").read_text("utf-8")
    assert f"const MOST = {citation.FACTS_MAX};" in script

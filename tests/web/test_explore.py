"""The explorer over HTTP: the page and its JSON, what it refuses, what it saves."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import networkx as nx
import pyoxigraph as ox
import pytest
from flask import Flask
from flask.testing import FlaskClient

from kg.model.vocabulary import ID
from kg.services import links, viewstate
from kg.store.embedded import EmbeddedStore
from kg.web.pages import explore, explored


@pytest.fixture(scope="module")
def haino(store: EmbeddedStore) -> str:
    return next(i.removeprefix(ID) for i in sorted(links.read(store).classes) if "hainuokeji" in i)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def state(client: FlaskClient, haino: str) -> dict:
    answer = client.post("/explore/graph.json", json={"do": [f"add {haino}", f"expand {haino}"]})
    assert answer.status_code == 200
    return answer.json["state"]


def test_a_state_is_shown_whole(client: FlaskClient, state: dict) -> None:
    shown = client.post("/explore/graph.json", json={"state": state}).json
    assert {n["id"] for n in shown["canvas"]["nodes"]} == {b[0] for b in state["boxes"]}
    assert {n["id"]: [n["x"], n["y"]] for n in shown["canvas"]["nodes"]} == {b[0]: b[1:3] for b in state["boxes"]}
    ends = {(li["source"], li["kind"], li["target"]) for li in shown["links"]}
    rows = client.post(
        "/sparql", data={"query": shown["sparql"]}, headers={"Accept": "application/sparql-results+json"}
    )
    bound = [{k: v["value"] for k, v in b.items()} for b in rows.json["results"]["bindings"]]
    assert {b["entity"].removeprefix(ID) for b in bound if "entity" in b} == {b[0] for b in state["boxes"]}
    assert {
        (b["source"].removeprefix(ID), b["kind"].rpartition("#")[2], b["target"].removeprefix(ID))
        for b in bound
        if "source" in b
    } == ends
    assert all(f["documents"] for li in shown["links"] for f in li["facts"])


def test_a_state_in_an_address_is_the_same(client: FlaskClient, state: dict) -> None:
    packed = viewstate.from_json(state).encoded()
    by_get = client.get("/explore/graph.json", query_string={"state": packed}).json
    by_post = client.post("/explore/graph.json", json={"state": state}).json
    assert by_get == by_post
    assert by_get["address"] == f"/explore?state={packed}"
    page = client.get("/explore", query_string={"state": packed}).text
    data = json.loads(re.search(r'id="canvas-data">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    assert data == by_get["canvas"]


def test_the_places_are_the_same_in_both_languages(client: FlaskClient, state: dict) -> None:
    for language in ("zh", "en"):
        again = client.post(f"/explore/graph.json?lang={language}", json={"state": state}).json
        assert again["state"] == state
        grown = client.post(
            f"/explore/graph.json?lang={language}",
            json={"do": [f"add {state['boxes'][0][0]}", f"expand {state['boxes'][0][0]}"]},
        ).json
        assert grown["state"] == state


def test_an_expansion_says_what_came_and_what_stays_hidden(client: FlaskClient, haino: str) -> None:
    first = client.post("/explore/graph.json", json={"do": f"add {haino}"}).json
    found = client.post("/explore/expand.json?lang=en", json={"state": first["state"], "of": haino, "limit": 3}).json
    assert len(found["added"]) == 3
    assert found["said"].startswith("Now also shown: 3 entities. Still hidden: ")
    by_kind = client.post(
        "/explore/expand.json", json={"state": first["state"], "of": haino, "kinds": ["produces"]}
    ).json
    assert {path.partition("/")[0] for path in by_kind["added"]} == {"product"}


def test_paths_come_with_their_evidence(client: FlaskClient, haino: str, state: dict) -> None:
    university = next(b[0] for b in state["boxes"] if b[0].startswith("university/"))
    found = client.get("/explore/paths.json", query_string={"from": university, "to": haino}).json
    assert found["paths"][0]["entities"][0]["id"] == university
    step = found["paths"][0]["steps"][0]
    assert step["links"][0]["facts"][0]["evidence"][0].keys() >= {"document", "paragraph", "start", "end"}
    nothing = client.get("/explore/paths.json", query_string={"from": haino, "to": haino}).json
    assert nothing["paths"] == []
    assert nothing["reason"]["code"] == "same"


def test_measures_are_of_the_states_entities(client: FlaskClient, state: dict) -> None:
    found = client.post("/explore/measures.json", json={"state": state}).json
    assert set(found["entities"]) <= {b[0] for b in state["boxes"]}
    assert found["entities"][state["boxes"][0][0]]["degree"] >= len(state["boxes"]) - 1
    assert found["computedOver"] > len(found["entities"])


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/explore/graph.json", b"{", 400),
        ("/explore/graph.json", b"[]", 400),
        ("/explore/graph.json", b'{"state":{"v":1,"boxes":[["enterprise/x",0]]}}', 400),
        ("/explore/graph.json", b'{"do":"dance"}', 400),
        ("/explore/graph.json", b'{"do":"add enterprise/none-00000000"}', 404),
        ("/explore/graph.json", b'{"do":"expand enterprise/none-00000000"}', 404),
        ("/explore/graph.json", b'{"do":"modality certain"}', 400),
        ("/explore/graph.json", b'{"do":"day yesterday"}', 400),
        ("/explore/graph.json", b'{"do":"hops 3"}', 400),
        ("/explore/graph.json", b'{"do":"along 0"}', 400),
        ("/explore/graph.json", b'{"do":"open class:Enterprise"}', 404),
        ("/explore/graph.json", b'{"do":"whole zone/none"}', 404),
        ("/explore/graph.json", json.dumps({"do": ["clear"] * 21}).encode(), 400),
        ("/explore/graph.json", b'{"do":"' + b"x" * 200_000 + b'"}', 413),
        ("/explore/expand.json", b'{"of":"enterprise/x","limit":0}', 400),
        ("/explore/expand.json", b'{"of":"enterprise/x","kinds":"all"}', 400),
        ("/explore/expand.json", b'{"of":"../x"}', 400),
        ("/explore/paths.json", b"{}", 400),
        ("/explore/paths.json", b'{"from":"enterprise/x","to":"y"}', 400),
        ("/s", b'{"kind":"film"}', 400),
        ("/s", b'{"kind":"query","query":"' + b"x" * 70_000 + b'"}', 413),
    ],
)
def test_what_is_wrong_is_a_problem_in_both_languages(client: FlaskClient, path: str, body: bytes, status: int) -> None:
    for language in ("zh", "en"):
        answer = client.post(
            f"{path}?lang={language}",
            data=body,
            content_type="application/json",
            headers={"Accept": "application/json"},
        )
        assert answer.status_code == status
        assert answer.content_type == "application/problem+json"
        if status != 413 or path == "/s":
            assert bool(re.search(r"[\u4e00-\u9fff]", answer.json["told"])) == (language == "zh")


def test_only_json_is_read(client: FlaskClient) -> None:
    for path in ("/explore/graph.json", "/explore/expand.json", "/s"):
        assert client.post(path, data={"kind": "view"}).status_code == 415


def test_the_page_of_nothing_says_where_to_start(client: FlaskClient, haino: str) -> None:
    page = client.get("/explore?lang=zh").text
    assert "图中还没有实体" in page
    assert f"/explore?add={haino}" in page
    for start in re.findall(r'href="(/explore\?(?:add|of)=[^"]+)"', page):
        answer = client.get(start.replace("&amp;", "&"))
        assert answer.status_code == 200
        assert "图中还没有实体" not in answer.text


def test_every_button_of_the_page_does_what_it_says(client: FlaskClient, state: dict) -> None:
    """Every command that a page with a path, groups, filters and measures offers is one that the service takes."""
    haino, other = state["boxes"][0][0], state["boxes"][5][0]
    commands = [
        f"route {haino} {other}",
        f"hide {state['boxes'][7][0]}",
        "colour community",
        "size degree",
        "whole all zone",
    ]
    page = client.post("/explore/graph.json", json={"state": state, "do": commands, "parts": True}).json
    html = "".join(page["parts"].values())
    offered = {m.replace("&#34;", '"') for m in re.findall(r'name="do" value="([^"]+)"', html)}
    assert {"ungroup", "show-all", "along 0", "facts stated", "sole modality actual"} <= offered
    for command in sorted(offered):
        answer = client.post("/explore/graph.json", json={"state": page["state"], "do": command})
        assert answer.status_code == 200, (command, answer.text[:300])


def test_a_button_without_a_script_leads_to_the_next_page(client: FlaskClient, state: dict) -> None:
    gone = state["boxes"][3][0]
    answer = client.post("/explore", data={"state": json.dumps(state), "do": f"hide {gone}"})
    assert answer.status_code == 303
    assert gone in client.get(answer.headers["Location"]).text
    after = viewstate.decode(answer.headers["Location"].partition("state=")[2])
    assert after.by_path[gone].aside
    day = client.post("/explore", data={"state": json.dumps(state), "verb": "day", "object": "2025-06-30"})
    assert viewstate.decode(day.headers["Location"].partition("state=")[2]).as_of is not None


def test_filters_act_on_the_drawer(client: FlaskClient, haino: str) -> None:
    def facts(**selection: str) -> int:
        return client.get("/explore/drawer", query_string={"of": haino, **selection}).text.count('class="fact"')

    assert facts() > facts(modality="planned")
    assert facts() > facts(certainty="inferred") > 0


def test_the_drawer_of_a_link_shows_the_facts_between_two(client: FlaskClient, haino: str, state: dict) -> None:
    shown = client.post("/explore/graph.json", json={"state": state}).json["links"]
    one = next(li for li in shown if li["kind"] == "produces")
    text = client.get("/explore/drawer", query_string={"from": one["source"], "to": one["target"]}).text
    assert text.count('class="fact"') >= len(one["facts"])
    assert "data-passage" in text
    assert client.get("/explore/drawer", query_string={"of": "enterprise/none-0"}).status_code == 404
    assert client.get("/explore/drawer?of=x").status_code == 400


# --- files ------------------------------------------------------------------------------------------------------------


def saved(client: FlaskClient, state: dict, form: str) -> bytes:
    answer = client.post("/explore/export?lang=zh", data={"state": json.dumps(state), "format": form})
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    return answer.data


@pytest.mark.parametrize("form", ["graphml", "gexf"])
def test_a_graph_file_has_the_pictures_entities_and_lines(client: FlaskClient, state: dict, form: str) -> None:
    shown = client.post("/explore/graph.json", json={"state": state}).json
    data = io.BytesIO(saved(client, state, form))
    graph = nx.read_graphml(data) if form == "graphml" else nx.read_gexf(data)
    assert set(graph) == {b[0] for b in state["boxes"]}
    assert graph.number_of_edges() == len(shown["canvas"]["edges"])


def test_the_tables_have_a_row_for_each_fact_and_each_entity(client: FlaskClient, state: dict) -> None:
    shown = client.post("/explore/graph.json", json={"state": state}).json
    rows = list(csv.reader(io.StringIO(saved(client, state, "csv").decode("utf-8-sig"))))
    assert len([r for r in rows if any(c.startswith(ID) for c in r)]) == sum(len(li["facts"]) for li in shown["links"])
    entities = list(csv.reader(io.StringIO(saved(client, state, "csv-entities").decode("utf-8-sig"))))
    assert {c.removeprefix(ID) for r in entities for c in r if c.startswith(ID)} == {b[0] for b in state["boxes"]}
    assert saved(client, state, "xlsx").startswith(b"PK")


def test_the_facts_as_turtle_are_those_of_the_links(client: FlaskClient, state: dict) -> None:
    shown = client.post("/explore/graph.json", json={"state": state}).json
    quads = list(ox.parse(saved(client, state, "ttl"), format=ox.RdfFormat.TURTLE))
    assert {f["fact"] for li in shown["links"] for f in li["facts"]} <= {
        q.subject.value.removeprefix(ID) for q in quads if isinstance(q.subject, ox.NamedNode)
    }


@pytest.mark.parametrize("form", ["svg", "html"])
def test_a_picture_carries_legend_date_and_version(client: FlaskClient, state: dict, form: str) -> None:
    text = saved(client, state, form).decode()
    assert "数据截至" in text
    assert "图谱版本" in text
    assert "企业" in text
    if form == "svg":
        root = ET.fromstring(text)  # noqa: S314
        titles = [e.text for e in root.iter("{http://www.w3.org/2000/svg}title")]
        assert len(titles) == len(state["boxes"])
        assert "var(--" not in text


def test_an_unknown_format_is_not_found(client: FlaskClient, state: dict) -> None:
    assert client.post("/explore/export", data={"state": json.dumps(state), "format": "exe"}).status_code == 404


# --- short links ------------------------------------------------------------------------------------------------------


@pytest.fixture
def writing(make_app) -> Iterator[FlaskClient]:
    return make_app().test_client()


def test_a_saved_view_is_opened_by_its_link(writing: FlaskClient) -> None:
    view = {"kind": "view", "name": "一个图", "state": {"v": 1, "boxes": [["enterprise/e-1", 0, 0, 2]]}}
    answer = writing.post("/s", json=view)
    assert answer.status_code == 201
    address = answer.headers["Location"]
    assert address == answer.json["address"] == f"/s/{answer.json['hash']}"
    seen = writing.get(address, headers={"Accept": "text/html"})
    assert seen.status_code == 303
    page = writing.get(seen.headers["Location"]).text
    assert "<title>一个图" in page
    assert "enterprise/e-1" in page
    assert writing.get(address, headers={"Accept": "application/json"}).json["state"] == view["state"]
    assert writing.get("/s/" + "0" * 32).status_code == 404


def test_a_saved_query_is_shown_and_runs_at_a_press(writing: FlaskClient) -> None:
    query = "SELECT * { ?s ?p '</script><img onerror=x>' }"
    address = writing.post("/s", json={"kind": "query", "name": "<b>x</b>", "query": query}).headers["Location"]
    page = writing.get(address, headers={"Accept": "text/html"}).text
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "<img onerror" not in page
    assert 'action="/console"' in page


def test_saving_can_be_off(make_app) -> None:
    off = make_app(save="off").test_client()
    answer = off.post("/s", json={"kind": "query", "query": "ASK {}"}, headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert "KG_SAVE" in answer.json["detail"]
    assert 'id="save"' not in off.get("/explore").text
    assert 'id="save"' in make_app().test_client().get("/explore").text


def test_saving_too_often_is_refused_with_when_to_try_again(make_app) -> None:
    often = make_app().test_client()
    codes = [often.post("/s", json={"kind": "query", "query": f"ASK {{ ?s ?p {n} }}"}).status_code for n in range(31)]
    assert codes == [201] * 30 + [429]
    again = often.post("/s", json={"kind": "query", "query": "ASK { ?s ?p 99 }"})
    assert int(again.headers["Retry-After"]) > 0


def test_the_kinds_of_the_legend_are_those_of_the_seals() -> None:
    from kg.web import present

    assert set(explored.KINDS) == {colour for colour, _, _ in present.KINDS.values()}
    assert len({name for _, name in explore.KEYS}) == len(explore.KEYS)

"""The project's IRIs below the service's own address."""

import json
from urllib.parse import quote

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

from kg.model.vocabulary import BASE, KG
from kg.services import export

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ZONE = "id/zone/z-1"
FORMATS = {
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
}


def triples(response):
    assert response.status_code == 200, response.text
    rdf_format = RdfFormat.from_media_type(response.headers["Content-Type"].partition(";")[0])
    return {str(quad.triple) for quad in parse(response.data, format=rdf_format)}


def is_problem(response, status):
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    return json.loads(response.text)


# From a resource to its page or its description


@pytest.mark.parametrize(
    ("accept", "extension"),
    [
        (None, "ttl"),
        ("*/*", "ttl"),
        ("text/turtle", "ttl"),
        ("application/ld+json", "jsonld"),
        ("application/rdf+xml, */*;q=0.1", "rdf"),
        ("application/n-triples", "nt"),
        ("text/html;q=0.1, application/n-triples", "nt"),
    ],
)
def test_a_program_is_led_to_the_description(web, accept, extension):
    response = web.get(f"/{ZONE}", headers={} if accept is None else {"Accept": accept})
    assert response.status_code == 303
    assert response.headers["Location"] == f"/data/{ZONE}.{extension}"
    assert "Accept" in response.headers["Vary"]
    assert web.get(response.headers["Location"]).status_code == 200


def test_a_browser_is_led_to_the_page(web):
    response = web.get(f"/{ZONE}", headers={"Accept": BROWSER})
    assert response.status_code == 303
    assert response.headers["Location"] == "/zones/z-1"


@pytest.mark.parametrize(
    "path",
    [ZONE, "id/claim/0001", "id/ev/d-1-1-5", "scheme/modality", "scheme/modality/actual", "unit/mu", "period/15th-fyp"],
)
def test_every_kind_of_resource(web, path):
    assert web.get(f"/{path}").headers["Location"] == f"/data/{path}.ttl"
    assert any(t.startswith(f"<{BASE}{path}> ") for t in triples(web.get(f"/data/{path}.nt")))


@pytest.mark.parametrize(
    "path",
    [
        "id/zone/none",
        "id/zone/z-1/more",
        "id/zone",
        "id/zone/",
        "id/zone/..",
        "id/../../etc/passwd",
        "id/zone/z-1>",
        "id/zone/%3E%20%3Curn:a%3E",
        "id/zone/大同",
        "id/zone/z%0a1",
        "id//z-1",
        "scheme/modality/actual/x",
        "unit/none",
        "period/" + "x" * 1000,
    ],
)
def test_what_is_no_resource(web, path):
    is_problem(web.get(f"/{path}"), 404)
    is_problem(web.get(f"/data/{path}.ttl"), 404)
    page = web.get(f"/{path}", headers={"Accept": BROWSER})
    assert page.status_code == 404
    assert page.mimetype == "text/html"
    assert "<urn:a>" not in page.text


def test_nothing_acceptable(web):
    assert is_problem(web.get(f"/{ZONE}", headers={"Accept": "image/png"}), 406)["offered"]


def test_redirects_are_absolute_only_where_the_deployer_gives_the_address(make_app):
    web = make_app(public_url="https://kg.example/at").test_client()
    response = web.get(f"/{ZONE}", headers={"Host": "evil.example"})
    assert response.headers["Location"] == f"https://kg.example/at/data/{ZONE}.ttl"


def test_the_host_is_not_believed(web):
    for path in (f"/{ZONE}", f"/{ZONE}/", f"//{ZONE}", "/name/海诺科技"):
        response = web.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        assert "evil" not in response.headers.get("Location", "")
        assert "evil" not in response.text


# Descriptions


@pytest.mark.parametrize(("extension", "media_type"), FORMATS.items())
def test_a_description_is_the_same_in_every_format(web, extension, media_type):
    response = web.get(f"/data/{ZONE}.{extension}")
    assert response.headers["Content-Type"].partition(";")[0] == media_type
    assert triples(response) == triples(web.get(f"/data/{ZONE}.nt"))


def test_a_description_holds_the_facts_and_their_evidence(web):
    assert triples(web.get(f"/data/{ZONE}.nt")) == {
        f"<{BASE}id/zone/z-1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{KG}DevelopmentZone>",
        f'<{BASE}id/zone/z-1> <http://www.w3.org/2004/02/skos/core#prefLabel> "大同经开区"@zh',
        f'<{BASE}id/zone/z-1> <http://www.w3.org/2004/02/skos/core#prefLabel> "Datong zone"@en',
        f'<{BASE}id/zone/z-1> <{KG}fullName> "大同经济技术开发区"@zh',
        f"<{BASE}id/claim/0001> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{KG}Claim>",
        f"<{BASE}id/claim/0001> <http://www.w3.org/1999/02/22-rdf-syntax-ns#subject> <{BASE}id/enterprise/e-1>",
        f"<{BASE}id/claim/0001> <http://www.w3.org/1999/02/22-rdf-syntax-ns#predicate> <{KG}inZone>",
        f"<{BASE}id/claim/0001> <http://www.w3.org/1999/02/22-rdf-syntax-ns#object> <{BASE}id/zone/z-1>",
        f"<{BASE}id/claim/0001> <{KG}modality> <{BASE}scheme/modality/actual>",
        f"<{BASE}id/claim/0001> <{KG}evidence> <{BASE}id/ev/d-1-1-5>",
        f"<{BASE}id/ev/d-1-1-5> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{KG}Evidence>",
        f"<{BASE}id/ev/d-1-1-5> <{KG}source> <{BASE}id/document/d-1>",
        f'<{BASE}id/ev/d-1-1-5> <{KG}charStart> "1"^^<http://www.w3.org/2001/XMLSchema#integer>',
        f'<{BASE}id/ev/d-1-1-5> <{KG}charEnd> "5"^^<http://www.w3.org/2001/XMLSchema#integer>',
        f'<{BASE}id/enterprise/e-1> <http://www.w3.org/2004/02/skos/core#prefLabel> "海诺科技"@zh',
        f'<{BASE}scheme/modality/actual> <http://www.w3.org/2004/02/skos/core#prefLabel> "实际"@zh',
        f'<{BASE}id/document/d-1> <http://www.w3.org/2004/02/skos/core#prefLabel> "一篇报道"@zh',
    }


def test_a_document_tells_the_facts_that_rest_on_it(web):
    assert any(t.startswith(f"<{BASE}id/claim/0001> ") for t in triples(web.get("/data/id/document/d-1.nt")))


def test_a_description_that_is_cut_says_so(web, monkeypatch):
    assert "KG-Complete" not in web.get(f"/data/{ZONE}.ttl").headers
    monkeypatch.setattr(export, "FACTS_MAX", 0)
    assert web.get(f"/data/{ZONE}.ttl").headers["KG-Complete"] == "false; facts=0"


def test_not_modified(web):
    tag = web.get(f"/data/{ZONE}.ttl").headers["ETag"]
    again = web.get(f"/data/{ZONE}.ttl", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert web.get(f"/data/{ZONE}.nt", headers={"If-None-Match": tag}).status_code == 200
    assert web.get("/data/id/chain/c-1.ttl", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("name", [ZONE, f"{ZONE}.html", f"{ZONE}.", ".ttl", f"{ZONE}.ttl.exe"])
def test_other_name_extensions(web, name):
    is_problem(web.get(f"/data/{name}", headers={"Accept": BROWSER}), 404)


# Names


@pytest.mark.parametrize("name", ["大同经开区", "大同经济技术开发区", "Datong zone"])
def test_a_name_of_any_kind_leads_to_its_resource(web, name):
    response = web.get(f"/name/{quote(name)}")
    assert response.status_code == 303
    assert response.headers["Location"] == f"/{ZONE}"


def test_a_name_of_several_lists_them(web):
    response = web.get("/name/同名")
    assert response.status_code == 300
    assert response.mimetype == "application/json"
    assert [choice["path"] for choice in json.loads(response.text)["choices"]] == [
        "/id/chain/c-1",
        "/id/enterprise/e-2",
    ]
    page = web.get("/name/同名", headers={"Accept": BROWSER})
    assert (page.status_code, page.mimetype) == (300, "text/html")
    assert 'href="/id/chain/c-1"' in page.text


def test_a_name_of_none_tells_the_nearest(web):
    problem = is_problem(web.get("/name/大同开发区"), 404)
    assert "大同经开区" in problem["detail"]


@pytest.mark.parametrize("name", ['"', "\\", "x" * 5000, "大", '"@zh } #', "a|b", ".*", "\n", "$zh", "(" * 300])
def test_hostile_names(web, name):
    is_problem(web.get(f"/name/{quote(name)}"), 404)


# The ontology, the dataset and the dump


def test_the_ontology(web):
    whole = triples(web.get("/ontology"))
    assert len(whole) > 100
    assert triples(web.get("/ontology", headers={"Accept": "application/rdf+xml"}))
    for module in export.modules().values():
        part = triples(web.get(f"/ontology/{module.name}", headers={"Accept": "application/n-triples"}))
        assert part
        assert triples(web.get(f"/ontology/{module.name}/{module.version}"))
        is_problem(web.get(f"/ontology/{module.name}/0.0.1"), 404)


def test_the_ontology_as_a_page(client):
    page = client.get("/ontology", headers={"Accept": BROWSER})
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert {"Accept", "Accept-Language", "Cookie"} <= set(page.vary)
    assert 'id="DevelopmentZone"' in page.text


@pytest.mark.parametrize("module", ["none", "..", "%2e%2e%2fpyproject", "core.ttl"])
def test_no_such_module(web, module):
    is_problem(web.get(f"/ontology/{module}"), 404)


def test_the_dataset_is_described(web, small_store):
    described = triples(web.get("/.well-known/void", headers={"Accept": "application/n-triples"}))
    count = small_store.statistics().triples_default
    assert (
        f'<{export.DATASET}> <{export.VOID}triples> "{count}"^^<http://www.w3.org/2001/XMLSchema#integer>' in described
    )
    assert f"<{export.DATASET}> <{export.VOID}sparqlEndpoint> <http://127.0.0.1:8000/sparql>" in described
    assert f'<{export.DATASET}> <{KG}asOf> "2025-12-31"^^<http://www.w3.org/2001/XMLSchema#date>' in described


@pytest.mark.parametrize("accept", ["application/n-quads", "application/trig", *FORMATS.values()])
def test_the_dump_is_the_graph(web, small_store, accept):
    response = web.get("/dump", headers={"Accept": accept})
    assert response.status_code == 200
    quads = list(parse(response.data, format=RdfFormat.from_media_type(accept)))
    counts = small_store.statistics()
    holds_named_graphs = accept in {*export.DATASET_EXTENSIONS, "application/ld+json"}
    whole = counts.triples_default + (counts.triples_named if holds_named_graphs else 0)
    assert len(set(map(str, quads))) == whole
    assert any(quad.subject == NamedNode(f"{BASE}{ZONE}") for quad in quads)


def test_the_dump_by_name_and_by_default(web):
    assert web.get("/dump").mimetype == "application/n-quads"
    assert web.get("/dump?format=ttl").mimetype == "text/turtle"
    is_problem(web.get("/dump?format=xlsx"), 406)
    is_problem(web.get("/dump", headers={"Accept": "image/png"}), 406)


def test_a_dump_that_is_left_ends_its_writer(web):
    import threading

    response = web.get("/dump", buffered=False)
    response.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "dump"]


def test_the_stored_queries_run_in_the_serving_engine(small_store):
    node = NamedNode(f"{BASE}{ZONE}")
    export.describe(small_store, node.value)
    export.named(small_store, "x")
    export.nearest(small_store, "xyz")
    assert export.describe_dataset(small_store, "http://h")

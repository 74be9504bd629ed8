"""The query operation of the SPARQL 1.1 Protocol, and hostile requests."""

import csv
import io
import json
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import fromstring as parse_xml

import pytest
from pyoxigraph import RdfFormat, parse

LABEL = """PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?label { <https://w3id.org/zone-kg/id/zone/z-1> skos:prefLabel ?label FILTER(LANG(?label) = "zh") }"""
BUILD = "CONSTRUCT { ?s a ?c } WHERE { ?s a ?c }"
FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def get(web, query, accept=None, **parameters):
    headers = {} if accept is None else {"Accept": accept}
    return web.get("/sparql", query_string={"query": query, **parameters}, headers=headers)


def values(response):
    assert response.status_code == 200, response.text
    return [{name: term["value"] for name, term in row.items()} for row in response.json["results"]["bindings"]]


def is_problem(response, status):
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json["status"] == status
    assert {"type", "title", "detail"} <= set(response.json)
    assert "Traceback" not in response.text
    return response.json


# The three ways to send a query


def test_get(web):
    assert values(get(web, LABEL)) == [{"label": "大同经开区"}]


def test_form(web):
    assert values(web.post("/sparql", data={"query": LABEL})) == [{"label": "大同经开区"}]


@pytest.mark.parametrize("content_type", [DIRECT, f"{DIRECT}; charset=utf-8", f"{DIRECT};charset=UTF-8"])
def test_direct(web, content_type):
    assert values(web.post("/sparql", data=LABEL.encode(), content_type=content_type)) == [{"label": "大同经开区"}]


def test_chinese_in_a_query_arrives_whole(web):
    query = 'SELECT ?s { ?s ?p "海诺科技"@zh }'
    found = [{"s": "https://w3id.org/zone-kg/id/enterprise/e-1"}]
    assert values(get(web, query)) == found
    assert values(web.post("/sparql", data={"query": query})) == found
    assert values(web.post("/sparql", data=query.encode(), content_type=DIRECT)) == found


def test_ask(web):
    assert get(web, "ASK { ?s ?p ?o }").json == {"head": {}, "boolean": True}


# The dataset


@pytest.mark.parametrize("method", ["get", "form", "direct"])
def test_the_protocols_dataset_wins(web, method):
    query = "SELECT (COUNT(*) AS ?n) FROM <urn:other> { ?s ?p ?o }"
    dataset = {"default-graph-uri": "urn:numbers"}
    match method:
        case "get":
            response = get(web, query, **dataset)
        case "form":
            response = web.post("/sparql", data={"query": query, **dataset})
        case _:
            response = web.post("/sparql", query_string=dataset, data=query.encode(), content_type=DIRECT)
    assert values(response) == [{"n": "20000"}]


def test_named_graphs(web):
    query = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    assert values(get(web, query, **{"named-graph-uri": "urn:numbers"})) == [{"n": "20000"}]
    assert values(get(web, query, **{"named-graph-uri": "urn:other"})) == [{"n": "0"}]


def test_several_graphs(web):
    query = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    asked = urlencode([("query", query), ("default-graph-uri", "urn:numbers"), ("default-graph-uri", "urn:other")])
    assert values(web.get(f"/sparql?{asked}")) == [{"n": "20000"}]


@pytest.mark.parametrize("graph", ["no iri", "relative", "urn:a b", "<urn:a>", ""])
def test_a_graph_without_a_usable_name(web, graph):
    is_problem(get(web, LABEL, **{"default-graph-uri": graph}), 400)


# Formats


SELECTS = {
    "application/sparql-results+json": "application/sparql-results+json",
    "application/json": "application/sparql-results+json",
    "application/sparql-results+xml": "application/sparql-results+xml",
    "text/csv": "text/csv; charset=utf-8",
    "text/tab-separated-values": "text/tab-separated-values; charset=utf-8",
    "*/*": "application/sparql-results+json",
    "text/*": "text/csv; charset=utf-8",
    "text/csv;q=0.5, application/sparql-results+xml;q=0.9": "application/sparql-results+xml",
    "application/sparql-results+json;q=0, */*;q=0.1": "application/sparql-results+xml",
    BROWSER: "application/sparql-results+xml",
}
BUILDS = {
    "text/turtle": "text/turtle; charset=utf-8",
    "application/n-triples": "application/n-triples",
    "application/ld+json": "application/ld+json",
    "application/rdf+xml": "application/rdf+xml",
    "*/*": "text/turtle; charset=utf-8",
}


@pytest.mark.parametrize(("accept", "expected"), SELECTS.items())
def test_solutions_by_accept(web, accept, expected):
    response = get(web, LABEL, accept)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == expected
    assert "Accept" in response.headers["Vary"]
    match expected.partition(";")[0].rpartition("/")[2]:
        case "sparql-results+json":
            assert json.loads(response.text)["results"]["bindings"][0]["label"]["value"] == "大同经开区"
        case "sparql-results+xml":
            names = {"s": "http://www.w3.org/2005/sparql-results#"}
            assert parse_xml(response.text).findtext(".//s:literal", namespaces=names) == "大同经开区"  # noqa: S314
        case "csv":
            assert list(csv.reader(io.StringIO(response.text))) == [["label"], ["大同经开区"]]
        case _:
            assert response.text.splitlines() == ["?label", '"大同经开区"@zh']


@pytest.mark.parametrize(("accept", "expected"), BUILDS.items())
def test_graphs_by_accept(web, accept, expected):
    response = get(web, BUILD, accept)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == expected
    rdf_format = RdfFormat.from_media_type(expected.partition(";")[0])
    assert len({str(quad.triple) for quad in parse(response.data, format=rdf_format)}) == 12


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("json", "application/sparql-results+json"),
        ("csv", "text/csv; charset=utf-8"),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("CSV", "text/csv; charset=utf-8"),
    ],
)
def test_format_wins_over_accept(web, name, expected):
    assert get(web, LABEL, "text/tab-separated-values", format=name).headers["Content-Type"] == expected


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        (LABEL, "image/png"),
        (LABEL, "text/turtle"),
        (BUILD, "text/csv"),
        (LABEL, "text/csv;q=0"),
        (LABEL, "garbage"),
    ],
)
def test_nothing_acceptable(web, query, accept):
    assert is_problem(get(web, query, accept), 406)["offered"]


def test_unknown_format(web):
    assert is_problem(get(web, LABEL, format="xlsx"), 406)["offered"] == ["json", "xml", "csv", "tsv"]


# Methods


def test_head_tells_what_get_would(web):
    whole = get(web, LABEL)
    head = web.head("/sparql", query_string={"query": LABEL})
    assert head.data == b""
    assert head.status_code == 200
    for name in ("Content-Type", "Content-Length", "ETag", "Vary"):
        assert head.headers[name] == whole.headers[name]


def test_head_of_a_long_result(web):
    head = web.head("/sparql", query_string={"query": "SELECT * { GRAPH ?g { ?s ?p ?o } }"})
    assert head.status_code == 200
    assert head.data == b""


def test_options(web):
    response = web.options("/sparql")
    assert response.status_code == 200
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "BREW"])
def test_other_methods(web, method):
    response = web.open("/sparql", method=method)
    is_problem(response, 405)
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}


# Requests that aren't one query


def test_several_queries(web):
    asked = urlencode([("query", LABEL), ("query", LABEL)])
    assert "2 queries" in is_problem(web.get(f"/sparql?{asked}"), 400)["detail"]
    is_problem(web.post("/sparql", data=asked, content_type=FORM), 400)
    is_problem(web.post(f"/sparql?{urlencode({'query': LABEL})}", data=LABEL, content_type=DIRECT), 400)


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=utf-8"])
def test_a_post_without_a_query(web, content_type):
    is_problem(web.post("/sparql", data="default-graph-uri=urn:a", content_type=content_type), 400)


def test_an_update_is_no_query(web):
    is_problem(web.post("/sparql", data={"update": "CLEAR ALL"}), 400)
    is_problem(web.post("/sparql", data={"query": "CLEAR ALL"}), 400)
    is_problem(get(web, "INSERT DATA { <urn:a> <urn:b> 1 }"), 400)
    assert get(web, "ASK { <urn:a> <urn:b> 1 }").json["boolean"] is False


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data; boundary=x", "", "x"])
def test_other_media_types(web, content_type):
    problem = is_problem(web.post("/sparql", data=LABEL.encode(), content_type=content_type), 415)
    assert DIRECT in problem["advice"]


def test_other_charsets_and_codings(web):
    is_problem(web.post("/sparql", data=LABEL.encode("gbk"), content_type=f"{DIRECT}; charset=gbk"), 415)
    is_problem(web.post("/sparql", data=LABEL, content_type=DIRECT, headers={"Content-Encoding": "gzip"}), 415)


def test_the_service_description(web):
    for accept in ("text/turtle", "*/*", None, "application/rdf+xml"):
        response = web.get("/sparql", headers={} if accept is None else {"Accept": accept})
        assert response.status_code == 200
        kind = response.headers["Content-Type"].partition(";")[0]
        triples = {str(quad.triple) for quad in parse(response.data, format=RdfFormat.from_media_type(kind))}
        assert any("sparql-service-description#SPARQL11Query" in triple for triple in triples)
    is_problem(web.get("/sparql", headers={"Accept": "image/png"}), 406)


def test_a_browser_without_a_query_goes_to_the_console(web):
    response = web.get("/sparql", headers={"Accept": BROWSER})
    assert response.status_code == 303
    assert response.headers["Location"] == "/console"


# Errors of the query


def test_a_syntax_error_has_its_place(web):
    problem = is_problem(get(web, "SELECT * {\n  ?s ?p }"), 400)
    assert problem["line"] == 2
    assert 1 <= problem["column"] <= 10
    assert problem["type"].endswith("/problem/query-syntax-error")


@pytest.mark.parametrize("query", ["", " ", "#", "SELEKT", "SELECT * { ?s foo:bar ?o }", "\x00", "SELECT * {" * 50])
def test_what_does_not_parse(web, query):
    is_problem(get(web, query), 400)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "SELECT * { SERVICE SILENT <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "SELECT * { sErViCe ?x { ?s ?p ?o } }",
        "LOAD <http://127.0.0.1:1/>",
    ],
)
def test_no_query_calls_out(web, query):
    is_problem(get(web, query), 400)


# Hostile requests


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * " + "{" * 100_000 + "}" * 100_000,
        "SELECT * { FILTER(" + "(" * 100_000 + "1" + ")" * 100_000 + ") }",
        "SELECT * { FILTER(" + "!" * 100_000 + "true) }",
        "SELECT * { " + " UNION ".join(["{ ?s ?p ?o }"] * 20_000) + " }",
        "SELECT * { ?s ?p " + "(" * 10_000 + ")" * 10_000 + " }",
        "SELECT * { ?s " + "^" * 100_000 + "<urn:p> ?o }",
        "SELECT * { ?s ?p " + "[ <urn:p> " * 50_000 + "1" + " ]" * 50_000 + " }",
    ],
    ids=["braces", "brackets", "negations", "unions", "lists", "inverses", "blank nodes"],
)
def test_deep_nesting(web, query):
    is_problem(web.post("/sparql", data=query.encode(), content_type=DIRECT), 400)


def test_a_query_of_a_megabyte(web):
    padded = LABEL + "\n#" + "x" * (1_000_000 - len(LABEL.encode()) - 2)
    assert values(web.post("/sparql", data=padded.encode(), content_type=DIRECT)) == [{"label": "大同经开区"}]
    assert values(web.post("/sparql", data={"query": padded})) == [{"label": "大同经开区"}]
    is_problem(web.post("/sparql", data=padded.encode() + b"x", content_type=DIRECT), 413)
    is_problem(web.post("/sparql", data={"query": padded + "x"}), 413)


def test_a_body_past_every_limit(web):
    is_problem(web.post("/sparql", data=b"x" * 4_000_000, content_type=DIRECT), 413)
    is_problem(web.post("/sparql", data=b"query=" + b"x" * 4_000_000, content_type=FORM), 413)


def test_a_long_address(web):
    problem = is_problem(web.get("/sparql?query=" + "x" * 300_000), 414)
    assert "POST" in problem["advice"]


@pytest.mark.parametrize("encoded", ["%ff", "%ED%A0%80", "%C0%AF", "%E5%A4"])
def test_invalid_utf8(web, encoded):
    is_problem(web.get(f"/sparql?query={encoded}"), 400)
    is_problem(web.post("/sparql", data=f"query={encoded}", content_type=FORM), 400)
    is_problem(web.post("/sparql", data=f"x{encoded}=1", content_type=FORM), 400)


def test_invalid_utf8_in_a_body(web):
    is_problem(web.post("/sparql", data=b"ASK { ?s ?p '\xff' }", content_type=DIRECT), 400)
    is_problem(web.post("/sparql", data=b"query=\xff", content_type=FORM), 400)


def test_many_parameters(web):
    is_problem(web.post("/sparql", data="a=1&" * 5_000, content_type=FORM), 400)


def test_nothing_of_a_request_becomes_a_header(web):
    injected = quote("csv\r\nX-Injected: 1")
    for address in (
        f"/sparql?query={quote(LABEL)}&format={injected}",
        f"/sparql?query={injected}",
        f"/%0d%0a{injected}",
    ):
        response = web.get(address)
        assert response.status_code in {400, 404, 406}
        assert "X-Injected" not in response.headers


def test_a_hostile_host_changes_nothing(web):
    for host in ("evil.example", "a b", "x" * 5_000, "evil.example:99999", ""):
        response = web.get("/sparql", headers={"Host": host, "Accept": "text/turtle"})
        # A host that can't be one may be refused; any other is neither believed nor repeated.
        assert response.status_code in {200, 400}
        assert "evil" not in response.text


# Caching


def test_not_modified(web, small_store):
    first = get(web, LABEL)
    tag = first.headers["ETag"]
    again = web.get("/sparql", query_string={"query": LABEL}, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    other = web.get("/sparql", query_string={"query": LABEL}, headers={"If-None-Match": tag, "Accept": "text/csv"})
    assert other.status_code == 200
    assert web.get("/sparql", query_string={"query": BUILD}, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("function", ["NOW()", "RAND()", "UUID()", "struuid ()", "BNODE()"])
def test_what_changes_by_itself_has_no_tag(web, function):
    response = get(web, f"SELECT ({function.replace(' ', '')} AS ?x) {{}}")
    assert response.status_code == 200
    assert "ETag" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"


# Long results


def test_a_long_result_is_whole(web):
    rows = get(web, "SELECT ?s ?o FROM <urn:numbers> { ?s ?p ?o }", "text/csv").text.splitlines()
    assert len(rows) == 20_001
    assert min(rows[1:]) == "urn:n:0,0"


# Other origins


def test_no_other_origin_reads_unless_the_deployer_says_so(web):
    response = web.get("/sparql", query_string={"query": LABEL}, headers={"Origin": "https://a.example"})
    assert "Access-Control-Allow-Origin" not in response.headers


def test_listed_origins_read(make_app):
    web = make_app(cors_origins=("https://a.example",)).test_client()
    for origin, allowed in (("https://a.example", "https://a.example"), ("https://b.example", None), ("null", None)):
        response = web.get("/sparql", query_string={"query": LABEL}, headers={"Origin": origin})
        assert response.headers.get("Access-Control-Allow-Origin") == allowed
        assert "Origin" in response.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in response.headers


def test_preflight(make_app):
    web = make_app(cors_origins=("*",)).test_client()
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    response = web.options("/sparql", headers=asked)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_a_result_is_a_problem_where_the_engine_fails(make_app, small_store, monkeypatch):
    inside = "details of the inside"

    def fail(*_):
        raise RuntimeError(inside)

    monkeypatch.setattr("kg.services.query.run", fail)
    response = get(make_app().test_client(), LABEL)
    problem = is_problem(response, 500)
    assert inside not in response.text
    assert problem["accident"] in problem["detail"]


def test_queries_leave_threads_to_the_rest(make_app, monkeypatch):
    monkeypatch.setattr("kg.store.running.PATIENCE_S", 0.05)
    web = make_app(threads=4).test_client()
    long = urlencode({"query": "SELECT * FROM <urn:numbers> { ?s ?p ?o }"})
    held = [web.get(f"/sparql?{long}", buffered=False) for _ in range(2)]
    refused = get(web, LABEL)
    is_problem(refused, 503)
    assert refused.headers["Retry-After"]
    assert web.get("/healthz").status_code == 200
    held[0].close()
    assert get(web, LABEL).status_code == 200
    held[1].close()
    # What fails, is read to its end, or is asked for by HEAD alone gives its place back.
    for _ in range(5):
        get(web, "nonsense")
        get(web, "SELECT * { ?s ?p }")
        web.get(f"/sparql?{long}", buffered=True)
        web.head(f"/sparql?{long}", buffered=True)
    assert get(web, LABEL).status_code == 200

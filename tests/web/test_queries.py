"""Queries that run, over HTTP: their names, their limits, and whether their results are whole."""

import csv
import gzip
import io
import json
import os
import re
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from kg.store.embedded import EmbeddedStore
from kg.web.stream import HEAD_BYTES

ROWS = 20_000
PATIENCE_S = 20.0
NUMBERS = "".join(f"<urn:n:{i}> <urn:value> {i} .\n" for i in range(ROWS))
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a <urn:value> ?x . ?b <urn:value> ?y FILTER(?x + ?y = -1) }"
ALL = "SELECT ?s ?o { ?s ?p ?o }"
BUILD = "CONSTRUCT WHERE { ?s ?p ?o }"
PRODUCT = "SELECT * { ?a <urn:value> ?x . ?b <urn:value> ?y }"
BUILD_PRODUCT = "CONSTRUCT { ?a <urn:to> ?b } WHERE { ?a <urn:value> ?x . ?b <urn:value> ?y }"
SOLUTIONS = ["json", "xml", "csv", "tsv"]
GRAPHS = ["turtle", "ntriples", "jsonld", "rdfxml"]


@pytest.fixture(scope="module")
def disk(tmp_path_factory) -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(tmp_path_factory.mktemp("queries")) as opened:
        opened.load_graph(None, NUMBERS.encode(), "text/turtle", replace=False)
        yield opened


@pytest.fixture
def make_web(make_app, disk) -> Iterator:
    made = []

    def begin(store=disk, **settings) -> FlaskClient:
        made.append(make_app(store, **({"query_workers": 2, "query_memory_mb": 256} | settings)))
        assert made[-1].extensions["kg"].queries.ready(PATIENCE_S)
        return made[-1].test_client()

    yield begin
    for app in made:
        app.extensions["kg"].queries.close()


@pytest.fixture
def apart(make_web) -> FlaskClient:
    """An app whose queries run in processes of their own."""
    return make_web()


def get(web, query, headers=None, **parameters):
    return web.get("/sparql", query_string={"query": query, **parameters}, headers=headers or {})


def is_problem(response, status, kind=None):
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json
    assert problem["status"] == status
    assert problem["detail"]
    if kind:
        assert problem["type"].endswith(f"/problem/{kind}")
        assert problem["advice"]
    return problem


def read(name: str, body: bytes) -> int:
    """Read a body by a strict reader of its format, and count what it holds; ValueError where it is refused."""
    try:
        match name:
            case "json":
                return len(json.loads(body)["results"]["bindings"])
            case "xml":
                return len(ElementTree.fromstring(body).findall(".//{*}result"))  # noqa: S314
            case "csv":
                return len(list(csv.reader(io.StringIO(body.decode(), newline=""), strict=True))) - 1
            case "tsv":
                return len(list(ox.parse_query_results(body, format=ox.QueryResultsFormat.TSV)))  # type: ignore[arg-type]
            case "jsonld":
                return len(json.loads(body))
            case "rdfxml":
                ElementTree.fromstring(body)  # noqa: S314
                return len(list(ox.parse(body, format=ox.RdfFormat.RDF_XML)))
            case "turtle":
                return len(list(ox.parse(body, format=ox.RdfFormat.TURTLE)))
        return len(list(ox.parse(body, format=ox.RdfFormat.N_TRIPLES)))
    except (SyntaxError, csv.Error) as error:  # ElementTree's ParseError is a SyntaxError
        raise ValueError(str(error)) from None


# Whole, cut or broken


@pytest.mark.parametrize("name", [*SOLUTIONS, *GRAPHS])
def test_a_short_result_is_whole_and_says_so(apart, name):
    response = get(apart, "SELECT * { ?s ?p 5 }" if name in SOLUTIONS else "CONSTRUCT WHERE { ?s ?p 5 }", format=name)
    assert response.status_code == 200
    assert response.headers["KG-Complete"] == "true"
    assert "KG-Incomplete-Reason" not in response.headers
    assert int(response.headers["Content-Length"]) == len(response.data)
    assert read(name, response.data) == 1
    assert response.headers["ETag"]


@pytest.mark.parametrize("name", [*SOLUTIONS, "turtle", "ntriples"])
def test_a_short_result_that_is_cut_is_well_formed_and_says_why(make_web, name):
    response = get(make_web(query_max_rows=25), ALL if name in SOLUTIONS else BUILD, format=name)
    assert response.status_code == 200
    assert response.headers["KG-Complete"] == "false"
    assert "25 rows" in response.headers["KG-Incomplete-Reason"]
    assert "KG_QUERY_MAX_ROWS" in response.headers["KG-Incomplete-Reason"]
    assert int(response.headers["Content-Length"]) == len(response.data)
    assert read(name, response.data) == 25
    assert "ETag" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", SOLUTIONS)
def test_exactly_as_many_rows_as_may_be_are_whole(make_web, name):
    response = get(make_web(query_max_rows=25), f"{ALL} LIMIT 25", format=name)
    assert response.headers["KG-Complete"] == "true"
    assert read(name, response.data) == 25


@pytest.mark.parametrize("name", [*SOLUTIONS, *GRAPHS])
def test_a_long_result_is_streamed_whole(apart, name):
    response = get(apart, ALL if name in SOLUTIONS else BUILD, format=name)
    assert response.headers["KG-Complete"] == "streaming"
    assert "Content-Length" not in response.headers
    assert "ETag" not in response.headers, "a cache would be told that what broke is still good"
    assert len(response.data) > HEAD_BYTES
    assert read(name, response.data) == ROWS
    name = response.headers["KG-Query-Id"]
    known = apart.get(f"/sparql/queries/{name}").json
    assert (known["state"], known["complete"], known["reason"]) == ("ended", True, None)


@pytest.mark.parametrize(("name", "limit"), [(n, "rows") for n in [*SOLUTIONS, "turtle", "ntriples"]])
def test_a_long_result_that_is_cut_is_refused_by_its_reader(make_web, name, limit):
    web = make_web(query_max_rows=ROWS - 1)
    response = get(web, ALL if name in SOLUTIONS else BUILD, format=name)
    assert response.headers["KG-Complete"] == "streaming"
    assert response.data.endswith(b"the rest is missing")
    with pytest.raises(ValueError, match=r"."):
        read(name, response.data)
    known = web.get(f"/sparql/queries/{response.headers['KG-Query-Id']}").json
    assert known["complete"] is False
    assert limit in known["reason"]


@pytest.mark.parametrize("name", [*SOLUTIONS, *GRAPHS])
def test_a_result_that_is_too_long_is_refused_by_its_reader(make_web, name):
    web = make_web(query_max_result_mb=1)
    query = PRODUCT if name in SOLUTIONS else BUILD_PRODUCT
    response = get(web, query, format=name)
    assert response.headers["KG-Complete"] == "streaming"
    assert 1024 * 1024 <= len(response.data) < 1024 * 1024 + 200
    with pytest.raises(ValueError, match=r"."):
        read(name, response.data)


@pytest.mark.parametrize("name", [*SOLUTIONS, *GRAPHS])
def test_a_result_whose_process_dies_is_refused_by_its_reader(apart, name):
    query = PRODUCT if name in SOLUTIONS else BUILD_PRODUCT
    response = apart.get("/sparql", query_string={"query": query, "format": name}, buffered=False)
    parts = response.iter_encoded()
    body = next(parts)
    pool = apart.application.extensions["kg"].queries._pool
    next(iter(pool._busy)).kill()
    body += b"".join(parts)
    assert b"QueryCrashed" in body
    with pytest.raises(ValueError, match=r"."):
        read(name, body)
    assert get(apart, "ASK {}").json["boolean"] is True


def test_a_failure_before_the_first_bytes_is_a_problem(apart):
    problem = is_problem(get(apart, ENDLESS, timeout="0.3"), HTTPStatus.GATEWAY_TIMEOUT, "query-timed-out")
    assert "0.3 s" in problem["detail"]
    bomb = f"{PRODUCT} ORDER BY ?x ?y"
    response = get(apart, bomb)
    if response.status_code == 200:  # It took longer than a reader is left without an answer.
        assert response.headers["KG-Complete"] == "streaming"
        assert b"QueryOutOfMemory" in response.data
    else:
        assert "256 MB" in is_problem(response, HTTPStatus.UNPROCESSABLE_ENTITY, "query-out-of-memory")["detail"]


def test_a_query_that_takes_long_is_told_to_run(apart):
    began = time.monotonic()
    response = apart.get("/sparql", query_string={"query": ENDLESS, "timeout": "4"}, buffered=False)
    assert response.headers["KG-Complete"] == "streaming"
    assert time.monotonic() - began < 3.9
    assert b"".join(response.iter_encoded()).startswith(b"\n<INCOMPLETE RESULT: QueryTimedOut")


def test_control_characters_are_no_xml(apart):
    is_problem(get(apart, "SELECT ('\\u0001' AS ?x) {}", format="xml"), HTTPStatus.NOT_ACCEPTABLE)


# A client asks for less


@pytest.mark.parametrize("text", ["0", "-1", "x", "", "1e9", "inf", "nan", "1,5", "9" * 20])
def test_a_time_that_is_none(web, text):
    is_problem(get(web, "ASK {}", timeout=text), 400)
    is_problem(get(web, "ASK {}", {"KG-Timeout": text}), 400)
    is_problem(web.post("/sparql", data={"query": "ASK {}", "timeout": text}), 400)


def test_the_shortest_time_counts(apart):
    for headers, parameters in (
        ({"KG-Timeout": "0.3"}, {"timeout": "900"}),
        ({"KG-Timeout": "900"}, {"timeout": "0.3"}),
    ):
        assert "0.3 s" in is_problem(get(apart, ENDLESS, headers, **parameters), 504)["detail"]
    response = apart.post("/sparql", data={"query": ENDLESS, "timeout": "0.3"})
    is_problem(response, 504)


def test_never_for_more(make_web):
    web = make_web(query_timeout_s=1)
    assert "after 1 s" in is_problem(get(web, ENDLESS, timeout="600"), 504)["detail"]


# Names


def test_a_query_has_the_name_that_its_client_gave(web):
    name = os.urandom(16).hex()
    response = get(web, "ASK {}", {"KG-Query-Id": name})
    assert response.headers["KG-Query-Id"] == name
    known = web.get(f"/sparql/queries/{name}")
    assert known.headers["Cache-Control"] == "no-store"
    assert known.json.keys() == {"id", "state", "form", "started", "seconds", "bytes", "complete", "reason"}
    assert (known.json["id"], known.json["state"], known.json["complete"]) == (name, "ended", True)
    is_problem(get(web, "ASK {}", {"KG-Query-Id": name}), 400)


def test_or_one_that_nobody_can_guess(web):
    names = {get(web, f"ASK {{ FILTER({n} = 1) }}").headers["KG-Query-Id"] for n in range(20)}
    assert len(names) == 20
    assert all(len(name) >= 22 for name in names)


@pytest.mark.parametrize("name", ["1", "my-query", "a" * 32, os.urandom(15).hex()])
def test_a_name_that_could_be_guessed(web, name):
    assert "128" in is_problem(get(web, "ASK {}", {"KG-Query-Id": name}), 400)["detail"]


def test_a_query_that_is_unknown(web):
    for method in ("GET", "DELETE"):
        problem = is_problem(web.open("/sparql/queries/" + "x" * 32, method=method), 404)
        assert problem["type"].endswith("/problem/not-found")
        assert "ten minutes" in problem["detail"]
    assert web.post("/sparql/queries/" + "x" * 32).status_code == 405


def test_delete_stops_a_query(apart):
    name = os.urandom(24).hex()
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(get(apart.application.test_client(), ENDLESS, {"KG-Query-Id": name})), daemon=True
    )
    asking.start()
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        known = apart.get(f"/sparql/queries/{name}")
        if known.status_code == 200 and known.json["state"] == "running":
            break
        time.sleep(0.02)
    assert known.json["complete"] is None
    stopped = apart.delete(f"/sparql/queries/{name}")
    assert (stopped.status_code, stopped.json["state"], stopped.json["complete"]) == (200, "ended", False)
    asking.join(PATIENCE_S)
    is_problem(answers[0], HTTPStatus.CONFLICT, "query-cancelled")
    assert apart.delete(f"/sparql/queries/{name}").json == stopped.json


# Results that were asked for before


def test_a_whole_result_is_kept_until_something_is_written(make_web, tmp_path, monkeypatch):
    with EmbeddedStore.open(tmp_path / "own") as own:
        web = make_web(own)
        query = "SELECT * { ?s ?p ?o }"
        first = get(web, query)
        with monkeypatch.context() as without:
            without.setattr("kg.services.query.run", lambda *_: pytest.fail("it was evaluated again"))
            again = get(web, query)
            assert (again.data, again.headers["Content-Type"], again.headers["KG-Complete"], again.headers["ETag"]) == (
                first.data,
                first.headers["Content-Type"],
                "true",
                first.headers["ETag"],
            )
            assert web.post("/sparql", data={"query": query}).data == first.data
            assert web.head("/sparql", query_string={"query": query}).headers["Content-Length"] == str(len(first.data))
        own.update("INSERT DATA { <urn:a> <urn:b> 1 }")
        assert len(get(web, query).json["results"]["bindings"]) == 1
        assert get(web, query, format="csv").data == b"o,p,s\r\n1,urn:b,urn:a\r\n"
        assert len(get(web, query, **{"default-graph-uri": "urn:none"}).json["results"]["bindings"]) == 0


@pytest.mark.parametrize(
    "expression",
    ["NOW()", "RAND()", "UUID()", "STRUUID()", "rand ()", "now\n#(\n()", "BNODE()", "STR(NOW())", "(1+RAND())"],
)
def test_what_changes_by_itself_is_never_kept(web, monkeypatch, expression):
    response = get(web, f"SELECT ({expression} AS ?x) {{}}")
    assert response.status_code == 200
    assert "ETag" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"
    assert not web.application.extensions["kg"].answers._kept


def test_another_name_is_another_evaluation(web):
    get(web, "ASK {}")
    name = os.urandom(16).hex()
    assert get(web, "ASK {}", {"KG-Query-Id": name}).headers["KG-Query-Id"] == name
    assert web.get(f"/sparql/queries/{name}").status_code == 200


def test_what_is_kept_is_bounded():
    from kg.web.answers import Answers, KeptAnswer

    answers = Answers(max_bytes=10_000, max_answers=5)
    for number in range(20):
        answers.keep("1", number, KeptAnswer(b"x" * 100, "text/csv", "ask"))
    assert [n for n in range(20) if answers.find("1", n)] == [15, 16, 17, 18, 19]
    answers.keep("1", "large", KeptAnswer(b"x" * 20_000, "text/csv", "ask"))
    assert answers.find("1", "large") is None
    answers.keep("2", "other", KeptAnswer(b"y", "text/csv", "ask"))
    assert answers.find("1", 19) is None
    assert answers.find("2", "other")


# The short way and the long one


SAME = [
    {"query": "SELECT * { ?s ?p 5 }"},
    {"query": "SELECT * { ?s ?p 5 }", "format": "csv"},
    {"query": "SELECT * { ?s ?p 5 }", "format": "nonsense"},
    {"query": "CONSTRUCT WHERE { ?s ?p 5 }"},
    {"query": "ASK {}", "default-graph-uri": "urn:none"},
    {"query": "ASK {}", "default-graph-uri": "no iri"},
    {"query": "ASK {}", "timeout": "3"},
    {"query": "ASK {}", "timeout": "never"},
    {"query": ALL},
    {"query": ENDLESS, "timeout": "0.1"},
    {"query": "SELECT ?s { ?s ?p ?o } LIMIT 300"},
    {"query": "SELECT * {"},
    {"query": ""},
    {"query": "SELECT (NOW() AS ?now) {}", "format": "xml"},
    {"query": "CLEAR ALL"},
    {"update": "CLEAR ALL"},
    {"query": "SELECT * { SERVICE <http://127.0.0.1:1/> {} }"},
    {"query": "SELECT * { ?s ?p ?o FILTER(<urn:nofun>(?o)) }"},
    {"query": "SELECT ('大同' AS ?x) {}"},
    {},
]


@pytest.mark.parametrize("encoding", [None, "gzip", "identity"])
@pytest.mark.parametrize("accept", [None, "*/*", "text/csv, */*;q=0.1", "image/png", "text/turtle"])
def test_the_short_way_answers_as_the_long_one(apart, accept, encoding):
    headers = {"Accept": accept, "Accept-Encoding": encoding}
    headers = {name: value for name, value in headers.items() if value}
    for parameters in SAME:
        told = []
        # A cookie makes a request one of its own; the third is a repetition.
        for own in ({"Cookie": "a=b"}, {}, {}):
            response = apart.get("/sparql", query_string=parameters, headers=headers | own)
            named = dict(response.headers)
            assert ("KG-Query-Id" in named) <= (response.status_code == 200)
            named.pop("KG-Query-Id", None)
            # A stream is compressed part by part, and the parts are as long as it happens.
            gzipped = response.headers.get("Content-Encoding") == "gzip"
            body = gzip.decompress(response.data) if gzipped else response.data
            body = b"" if "NOW()" in str(parameters) else body
            told.append((response.status_code, {n: v for n, v in named.items() if n != "Content-Length"}, body))
        assert told[0] == told[1] == told[2], parameters


def test_an_accident_on_the_short_way_is_told_as_one(apart, monkeypatch):
    def fail(*_):
        raise RuntimeError("details of the inside")

    monkeypatch.setattr("kg.services.query.run", fail)
    assert "inside" not in is_problem(get(apart, "ASK {}"), 500)["detail"]


def test_whoever_must_be_looked_at_goes_the_long_way(make_web):
    for settings in ({"read_token": "x" * 20}, {"rate_per_minute": 2}):
        web = make_web(**settings)
        statuses = [get(web, "ASK {}").status_code for _ in range(4)]
        assert statuses in ([401] * 4, [200, 200, 429, 429])
    web = make_web(cors_origins=("https://a.example",))
    assert "Origin" in get(web, "ASK {}").headers["Vary"]
    assert get(web, "ASK {}").headers["KG-Complete"] == "true"


# The console


def test_the_console_shows_a_part_and_stops_the_rest(apart):
    page = apart.post("/console", data={"query": ALL}, headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert page.text.count("<tr>") == 501
    queries = apart.application.extensions["kg"].queries
    assert queries.running() == []
    assert queries.ready(PATIENCE_S)


def test_the_console_tells_a_limit(make_web):
    web = make_web(query_timeout_s=1)
    page = web.post("/console", data={"query": ENDLESS}, headers={"Accept-Language": "en"})
    assert page.status_code == HTTPStatus.GATEWAY_TIMEOUT
    assert re.search(r'id="problem"', page.text)

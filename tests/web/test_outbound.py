"""Nothing that a reader sends makes the service call another: a canary listens, and must hear nothing."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kg.store.embedded import EmbeddedStore

TOKEN = "-".join(["admin", "token", "0123456789"])
RESULT = json.dumps({"head": {"vars": ["s"]}, "results": {"bindings": [{"s": {"type": "literal", "value": "heard"}}]}})


class Canary(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.heard: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.heard.append(self.path)  # type: ignore[attr-defined]
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "application/sparql-results+json")
        self.send_header("Content-Length", str(len(RESULT)))
        self.end_headers()
        self.wfile.write(RESULT.encode())

    do_POST = do_GET  # noqa: N815 - so the base class has it

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def canary():
    with Canary() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


SPELLINGS = [
    "SELECT * {{ SERVICE <{at}/sparql> {{ ?s ?p ?o }} }}",
    "SELECT * {{ service<{at}/sparql>{{?s ?p ?o}} }}",
    "SELECT * {{ SERVICE SILENT <{at}/sparql> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICESILENT<{at}/sparql> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICE # a comment {{ }}\n <{at}/sparql> {{ ?s ?p ?o }} }}",
    "PREFIX c: <{at}/> SELECT * {{ SERVICE c:sparql {{ ?s ?p ?o }} }}",
    "PREFIX SERVICE: <{at}/> SELECT * {{ SERVICE:sparql {{ ?s ?p ?o }} }}",
    "PREFIX : <{at}/> SELECT * {{ SERVICE:sparql {{ ?s ?p ?o }} }}",
    "BASE <{at}/> SELECT * {{ SERVICE <sparql> {{ ?s ?p ?o }} }}",
    "SELECT * {{ VALUES ?at {{ <{at}/sparql> }} SERVICE ?at {{ ?s ?p ?o }} }}",
    "SELECT * {{ BIND (<{at}/sparql> AS ?at) SERVICE SILENT ?at {{ ?s ?p ?o }} }}",
    "SELECT * {{ S\\u0045RVICE <{at}/sparql> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICE <\\u0068ttp{rest}/sparql> {{ ?s ?p ?o }} }}",
    "SELECT * {{ {{ SELECT * {{ OPTIONAL {{ {{ SERVICE <{at}/sparql> {{ ?s ?p ?o }} }} UNION {{ }} }} }} }} }}",
    "ASK {{ FILTER EXISTS {{ SERVICE <{at}/sparql> {{ ?s ?p ?o }} }} }}",
    "ASK {{ FILTER NOT EXISTS {{ MINUS {{ SERVICE <{at}/sparql> {{ ?s ?p ?o }} }} }} }}",
    "CONSTRUCT {{ ?s ?p ?o }} WHERE {{ SERVICE <{at}/sparql> {{ ?s ?p ?o }} }}",
    "DESCRIBE ?s {{ SERVICE <{at}/sparql> {{ ?s ?p ?o }} }}",
    "SELECT * {{ ?s<'>'{{ SERVICE <{at}/sparql> {{ ?s ?p ?o }} }}",
    'SELECT * {{ ?s ?p "\\"" . SERVICE <{at}/sparql> {{ ?s ?p ?o }} }}',
]
UPDATES = [
    "LOAD <{at}/data.ttl>",
    "LOAD SILENT <{at}/data.ttl> INTO GRAPH <urn:g>",
    "load<{at}/data.ttl>",
    "INSERT DATA {{ }} ; LOAD <{at}/data.ttl>",
    "BASE <{at}/> LOAD <data.ttl>",
    "PREFIX load: <{at}/> LOAD load:data",
    "LO\\u0041D <{at}/data.ttl>",
    "INSERT {{ GRAPH <urn:g> {{ ?s ?p ?o }} }} WHERE {{ SERVICE <{at}/sparql> {{ ?s ?p ?o }} }}",
    "DELETE {{ GRAPH <urn:g> {{ ?s ?p ?o }} }} USING <urn:h> WHERE {{ SERVICE SILENT <{at}/sparql> {{ ?s ?p ?o }} }}",
]


def spelt(text: str, canary: Canary) -> str:
    return text.format(at=canary.address, rest=canary.address.removeprefix("http"))


def test_the_canary_hears_an_engine_that_nobody_guards(canary):
    # Else the tests below would pass with a canary that is deaf.
    with EmbeddedStore.open(None) as store:
        chunks = store.query(spelt(SPELLINGS[0], canary), None).chunks
        assert b"heard" in b"".join(chunks)
    assert canary.heard.pop() == "/sparql"


@pytest.mark.parametrize("text", SPELLINGS)
@pytest.mark.parametrize("allowed", [(), ("http://127.0.0.1:9/only/here",)])
def test_no_query_calls_out(make_app, canary, text, allowed):
    web = make_app(service_allow=allowed).test_client()
    query = spelt(text, canary)
    for response in (
        web.get("/sparql", query_string={"query": query}),
        web.post("/sparql", data=query.encode(), content_type="application/sparql-query"),
        web.get("/console", query_string={"query": query}),
    ):
        assert response.status_code == 400
    assert canary.heard == []


@pytest.mark.parametrize("text", UPDATES)
def test_no_update_calls_out(make_app, canary, text):
    with EmbeddedStore.open(None) as store:
        web = make_app(store, admin_token=TOKEN, service_allow=(f"{canary.address}/",)).test_client()
        headers = {"Authorization": f"Bearer {TOKEN}"}
        update = {"data": spelt(text, canary), "content_type": "application/sparql-update"}
        assert web.post("/update", headers=headers, **update).status_code == 400
    assert canary.heard == []


def test_a_graph_is_not_fetched_from_its_name(make_app, canary):
    web = make_app().test_client()
    for name in ("default-graph-uri", "named-graph-uri"):
        answer = web.get("/sparql", query_string={"query": "SELECT * { ?s ?p ?o }", name: f"{canary.address}/data.ttl"})
        assert answer.status_code == 200
        assert answer.json["results"]["bindings"] == []
    assert web.get("/graphs", query_string={"graph": f"{canary.address}/data.ttl"}).status_code == 404
    assert canary.heard == []


CONSTANT = [
    "SELECT * {{ SERVICE <{at}/allowed/sparql> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICE SILENT <{at}/allowed/sparql> {{ ?s ?p ?o }} }}",
    "PREFIX c: <{at}/allowed/> SELECT * {{ SERVICE c:sparql {{ ?s ?p ?o }} }}",
]


@pytest.mark.parametrize("text", CONSTANT)
def test_a_listed_address_is_called(make_app, canary, text):
    web = make_app(service_allow=(f"{canary.address}/allowed/",)).test_client()
    answer = web.get("/sparql", query_string={"query": spelt(text, canary)})
    assert answer.status_code == 200, answer.text
    assert "heard" in answer.text
    assert canary.heard.pop() == "/allowed/sparql"
    assert canary.heard == []


@pytest.mark.parametrize(
    "path",
    [
        *("/allowe", "/other", "/allowed/../other", "/allowed/./../other", "/allowed/%2e%2E/other", "/allowed/.%2e/x"),
        *("/allowed/..", "/allowed/..?x", "/allowed/..%2fother", "/allowed\\u002f..\\u002fother"),
    ],
)
def test_what_only_looks_like_a_listed_address_is_not(make_app, canary, path):
    web = make_app(service_allow=(f"{canary.address}/allowed/",)).test_client()
    query = f"SELECT * {{ SERVICE <{canary.address}{path}> {{ ?s ?p ?o }} }}"
    assert web.get("/sparql", query_string={"query": query}).status_code == 400
    assert canary.heard == []


@pytest.mark.parametrize("text", SPELLINGS[8:12])
def test_a_listed_address_is_called_by_its_whole_name_alone(make_app, canary, text):
    web = make_app(service_allow=(f"{canary.address}/",)).test_client()
    assert web.get("/sparql", query_string={"query": spelt(text, canary)}).status_code == 400
    assert canary.heard == []

"""Updates and the Graph Store Protocol over HTTP: what is written, what is refused, and what the log says of it."""

import io
import json

import pytest

from kg.store.embedded import EmbeddedStore
from kg.web.audit import FILE

ADMIN, WRITER, READER = "admin-token-0123456789", "writer-token-0123456789", "reader-token-0123456789"
UPDATE = "application/sparql-update"
NAMED = "INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> '海诺' } }"
TURTLE = "<urn:a> <urn:b> <urn:c>, [ <urn:d> 1 ] ."


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def store():
    with EmbeddedStore.open(None) as held:
        held.update("INSERT DATA { <urn:s> <urn:p> 1 . GRAPH <urn:h> { <urn:s> <urn:p> 2 } }")
        yield held


@pytest.fixture
def open_app(make_app, store, tmp_path):
    tokens = tmp_path / "tokens.toml"
    tokens.write_text(
        f'[writer]\ntoken = "{WRITER}"\nscopes = ["write"]\n[reader]\ntoken = "{READER}"\nscopes = ["read"]\n', "utf-8"
    )

    def make(**settings):
        chosen = {"admin_token": ADMIN, "tokens_file": tokens, **settings}
        return make_app(store, **chosen).test_client()

    return make


@pytest.fixture
def web(open_app):
    return open_app()


def is_problem(response, status):
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.json


def log(tmp_path):
    return [json.loads(line) for line in (tmp_path / FILE).read_text("utf-8").splitlines()]


# Updates


@pytest.mark.parametrize("token", [ADMIN, WRITER])
def test_an_update_by_either_way(web, store, token):
    assert web.post("/update", data=NAMED, content_type=UPDATE, headers=bearer(token)).status_code == 204
    assert store.ask("ASK { GRAPH <urn:g> { <urn:a> <urn:b> '海诺' } }")
    form = {"update": "DROP GRAPH <urn:g>"}
    assert web.post("/update", data=form, headers=bearer(token)).status_code == 204
    assert not store.has_graph("urn:g")


@pytest.mark.parametrize(
    ("headers", "status", "told"),
    [
        ({}, 401, "needs a token"),
        (bearer(READER), 403, "hasn't the scope write"),
        (bearer("wrong-token-0123456789"), 401, "isn't one"),
        ({"Authorization": f"Basic {WRITER}"}, 401, "needs a token"),
    ],
)
def test_who_may_not_write(web, store, headers, status, told):
    version = store.version
    for response in (
        web.post("/update", data=NAMED, content_type=UPDATE, headers=headers),
        web.put("/graphs?graph=urn:g", data=TURTLE, content_type="text/turtle", headers=headers),
        web.post("/graphs?graph=urn:g", data=TURTLE, content_type="text/turtle", headers=headers),
        web.delete("/graphs?graph=urn:h", headers=headers),
    ):
        assert told in is_problem(response, status)["detail"]
        assert (status == 401) == ("WWW-Authenticate" in response.headers)
    assert store.version == version


def test_writing_is_off_where_no_token_may_write(open_app):
    web = open_app(admin_token=None, tokens_file=None)
    told = is_problem(web.post("/update", data=NAMED, content_type=UPDATE, headers=bearer(ADMIN)), 403)
    assert "Writing is off" in told["detail"]


def test_ten_wrong_tokens_are_enough(web):
    for _ in range(10):
        wrong = bearer("wrong-token-0123456789")
        assert web.post("/update", data=NAMED, content_type=UPDATE, headers=wrong).status_code == 401
    response = web.post("/update", data=NAMED, content_type=UPDATE, headers=bearer(ADMIN))
    assert is_problem(response, 429)
    assert response.headers["Retry-After"] == "60"


@pytest.mark.parametrize(
    "text", ["INSERT DATA { <urn:a> <urn:b> 1 }", "DROP ALL", "DELETE WHERE { ?s ?p ?o }", "MOVE DEFAULT TO <urn:x>"]
)
def test_the_loader_alone_writes_the_default_graph(open_app, store, text, tmp_path):
    web = open_app(base="graph")
    before = store.construct("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")
    told = is_problem(web.post("/update", data=text, content_type=UPDATE, headers=bearer(ADMIN)), 403)
    assert "KG_BASE=none" in told["detail"]
    assert store.construct("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }") == before
    assert [entry["state"] for entry in log(tmp_path)] == ["begins", "failed"]


def test_an_update_that_does_not_parse_says_so_rather_than_that_it_is_forbidden(open_app):
    web = open_app(base="graph")
    told = is_problem(web.post("/update", data="INSERT DATA {\n oops", content_type=UPDATE, headers=bearer(ADMIN)), 400)
    assert {"line", "column"} <= set(told)


@pytest.mark.parametrize(
    ("method", "target", "options", "status"),
    [
        ("get", "/update?update=DROP+ALL", {}, 405),
        ("put", "/update", {"data": NAMED, "content_type": UPDATE}, 405),
        ("post", "/update?update=DROP+ALL", {"data": NAMED, "content_type": UPDATE}, 400),
        ("post", "/update", {"data": {"query": "ASK {}"}}, 400),
        ("post", "/update", {"data": {"update": [NAMED, NAMED]}}, 400),
        ("post", "/update", {"data": "ASK {}", "content_type": UPDATE}, 400),
        ("post", "/update", {"data": NAMED, "content_type": "text/plain"}, 415),
        ("post", "/update", {"data": NAMED}, 415),
        ("post", "/update", {"data": b"INSERT DATA { <urn:a> <urn:b> '\xff' }", "content_type": UPDATE}, 400),
        ("post", "/update", {"data": "LOAD <http://127.0.0.1:1/>", "content_type": UPDATE}, 400),
        ("post", "/update", {"data": "LOAD SILENT <http://127.0.0.1:1/>", "content_type": UPDATE}, 400),
        ("post", "/update?using-graph-uri=urn:h", {"data": "WITH <urn:g> DELETE {?s ?p ?o} WHERE {?s ?p ?o}"}, 415),
        (
            "post",
            "/update?using-graph-uri=not+an+iri",
            {"data": "DELETE WHERE {?s ?p ?o}", "content_type": UPDATE},
            400,
        ),
    ],
)
def test_what_the_protocol_refuses(web, store, method, target, options, status):
    version = store.version
    response = getattr(web, method)(target, headers=bearer(ADMIN), **options)
    is_problem(response, status)
    assert store.version == version
    if status == 405:
        assert set(response.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


def test_using_graph_uri_is_the_dataset_of_the_patterns(web, store):
    text = "INSERT { GRAPH <urn:g> { ?s ?p ?o } } WHERE { ?s ?p ?o }"
    target = "/update?using-graph-uri=urn:h"
    assert web.post(target, data=text, content_type=UPDATE, headers=bearer(ADMIN)).status_code == 204
    assert store.construct("CONSTRUCT { ?s ?p ?o } WHERE { GRAPH <urn:g> { ?s ?p ?o } }") == store.construct(
        "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH <urn:h> { ?s ?p ?o } }"
    )
    own = "DELETE { GRAPH <urn:g> { ?s ?p ?o } } USING <urn:g> WHERE { ?s ?p ?o }"
    is_problem(web.post(target, data=own, content_type=UPDATE, headers=bearer(ADMIN)), 400)


def test_a_long_update_is_refused_before_it_is_read_whole(open_app, store):
    web = open_app(update_max_bytes=1000)
    text = f"INSERT DATA {{ GRAPH <urn:g> {{ <urn:a> <urn:b> '{'x' * 1000}' }} }}"
    is_problem(web.post("/update", data=text, content_type=UPDATE, headers=bearer(ADMIN)), 413)
    is_problem(web.put("/graphs?graph=urn:g", data=b"#" * 1001, content_type="text/turtle", headers=bearer(ADMIN)), 413)
    assert not store.has_graph("urn:g")
    assert web.post("/update", data=NAMED, content_type=UPDATE, headers=bearer(ADMIN)).status_code == 204


def test_the_log_says_who_wrote_what(web, store, tmp_path):
    web.post("/update", data=NAMED, content_type=UPDATE, headers=bearer(WRITER))
    web.put("/graphs?graph=urn:k", data=TURTLE, content_type="text/turtle", headers=bearer(ADMIN))
    web.delete("/graphs?graph=urn:k", headers=bearer(ADMIN))
    begun, done, *rest = log(tmp_path)
    assert begun["who"] == "writer"
    assert begun["from"] == "127.0.0.1"
    assert begun["text"] == NAMED
    assert (done["write"], done["state"], done["quads"]) == (begun["write"], "done", 1)
    assert [entry.get("operation") for entry in rest] == ["replace graph", None, "drop graph", None]
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
    assert WRITER not in (tmp_path / FILE).read_text("utf-8")


def test_nothing_is_written_where_the_log_can_not_be(web, store, tmp_path):
    (tmp_path / FILE).mkdir()
    version = store.version
    is_problem(web.post("/update", data=NAMED, content_type=UPDATE, headers=bearer(ADMIN)), 503)
    assert store.version == version


# Graphs


def put(web, target, data=TURTLE, content_type="text/turtle", method="put"):
    return getattr(web, method)(target, data=data, content_type=content_type, headers=bearer(WRITER))


@pytest.mark.parametrize("target", ["/graphs?graph=urn:g", "/graphs/people/zhang.ttl"])
def test_a_graph_is_made_replaced_added_to_read_and_dropped(web, target):
    assert web.get(target).status_code == 404
    made = put(web, target)
    assert made.status_code == 201
    assert made.headers["Location"]
    assert put(web, target, "<urn:a> <urn:b> 2 .").status_code == 204
    assert put(web, target, "<urn:a> <urn:b> 3 .", method="post").status_code == 204
    read = web.get(target, headers={"Accept": "application/n-triples"})
    assert len(read.text.splitlines()) == 2
    assert read.headers["Content-Type"] == "application/n-triples"
    assert (
        web.get(target, headers={"If-None-Match": read.headers["ETag"], "Accept": "application/n-triples"}).status_code
        == 304
    )
    assert web.head(target).status_code == 200
    assert web.delete(target, headers=bearer(WRITER)).status_code == 204
    assert web.get(target).status_code == 404
    assert web.delete(target, headers=bearer(WRITER)).status_code == 404


def test_an_empty_graph_is_a_graph(web):
    assert put(web, "/graphs?graph=urn:g", "").status_code == 201
    assert web.get("/graphs?graph=urn:g").status_code == 200
    assert put(web, "/graphs?graph=urn:g", "").status_code == 204


def test_the_default_graph(web, open_app, store):
    assert web.get("/graphs?default", headers={"Accept": "application/n-triples"}).text.startswith("<urn:s> <urn:p>")
    assert put(web, "/graphs?default").status_code == 204
    assert store.ask("ASK { <urn:a> <urn:b> <urn:c> }")
    assert not store.ask("ASK { <urn:s> ?p ?o }")
    kept = open_app(base="graph")
    for method in ("put", "post", "delete"):
        is_problem(put(kept, "/graphs?default", method=method), 403)
    assert store.ask("ASK { <urn:a> <urn:b> <urn:c> }")


def test_a_graph_without_a_name_gets_one(web, store):
    made = put(web, "/graphs", method="post")
    assert made.status_code == 201
    assert web.get(made.headers["Location"]).status_code == 200


def test_a_form_of_files(web, store):
    files = [
        (io.BytesIO(TURTLE.encode()), "a.ttl", "text/turtle"),
        (io.BytesIO(b"_:a <urn:d> _:a ."), "b.nt", "application/n-triples"),
    ]
    answer = web.post(
        "/graphs?graph=urn:g", data={"file": files}, headers=bearer(ADMIN), content_type="multipart/form-data"
    )
    assert answer.status_code == 201
    assert len(store.construct("CONSTRUCT { ?s ?p ?o } WHERE { GRAPH <urn:g> { ?s ?p ?o } }")) == 4
    bad = {
        "file": [(io.BytesIO(b"<urn:a"), "a.ttl", "text/turtle"), (io.BytesIO(b""), "b.nt", "application/n-triples")]
    }
    is_problem(
        web.post("/graphs?graph=urn:g", data=bad, headers=bearer(ADMIN), content_type="multipart/form-data"), 400
    )
    none = {"field": "text"}
    is_problem(
        web.post("/graphs?graph=urn:g", data=none, headers=bearer(ADMIN), content_type="multipart/form-data"), 400
    )


@pytest.mark.parametrize(
    ("method", "target", "data", "content_type", "status"),
    [
        ("put", "/graphs", TURTLE, "text/turtle", 400),
        ("delete", "/graphs", None, None, 400),
        ("get", "/graphs", None, None, 400),
        ("put", "/graphs?default&graph=urn:g", TURTLE, "text/turtle", 400),
        ("put", "/graphs?graph=urn:g&graph=urn:k", TURTLE, "text/turtle", 400),
        ("put", "/graphs?default=x", TURTLE, "text/turtle", 400),
        ("put", "/graphs?graph=relative", TURTLE, "text/turtle", 400),
        ("put", "/graphs?graph=urn:%3Cg", TURTLE, "text/turtle", 400),
        ("put", "/graphs?graph=urn:g", "<urn:a> <urn:b", "text/turtle", 400),
        ("put", "/graphs?graph=urn:g", TURTLE, None, 415),
        ("put", "/graphs?graph=urn:g", TURTLE, "text/html", 415),
        ("put", "/graphs?graph=urn:g", "x", "multipart/form-data; boundary=x", 415),
        ("patch", "/graphs?graph=urn:g", TURTLE, "text/turtle", 405),
        ("put", "/graphs/..%2f..", TURTLE, "text/turtle", 400),
    ],
)
def test_what_is_refused(web, store, method, target, data, content_type, status):
    version = store.version
    is_problem(put(web, target, data, content_type, method), status)
    assert store.version == version


def test_a_graph_in_the_format_that_is_asked_for(web):
    for accept, start in (("text/turtle", "@prefix"), ("application/rdf+xml", "<?xml"), ("application/ld+json", "[")):
        read = web.get("/graphs?graph=urn:h", headers={"Accept": accept})
        assert read.headers["Content-Type"].startswith(accept)
        assert read.text.startswith(start)
    assert web.get("/graphs?graph=urn:h&format=nt").text.startswith("<urn:s>")
    is_problem(web.get("/graphs?graph=urn:h", headers={"Accept": "text/html"}), 406)
    is_problem(web.get("/graphs?graph=urn:h&format=xlsx"), 406)

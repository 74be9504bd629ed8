"""The administrator's page and routes, and the way back from a backup."""

import json
import re
import threading
import time
from dataclasses import replace

import pytest

from kg.config import Settings
from kg.errors import StoreUnusable
from kg.services import backup, ingest
from kg.store.embedded import EmbeddedStore
from kg.web.app import create_app

ADMIN, WRITER = "admin-token-0123456789", "writer-token-0123456789"
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . FILTER (?a != ?l && ?c != ?d) }"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def disk(tmp_path):
    with EmbeddedStore.open(tmp_path / "data") as store:
        numbers = " ".join(f"<urn:n{i}> <urn:p> {i} ." for i in range(300))
        store.update(f"INSERT DATA {{ {numbers} GRAPH <urn:g> {{ <urn:a> <urn:b> 1 }} }}")
        yield store


@pytest.fixture
def app(disk, tmp_path):
    tokens = tmp_path / "tokens.toml"
    tokens.write_text(f'[writer]\ntoken = "{WRITER}"\nscopes = ["write"]\n', "utf-8")
    made = create_app(replace(Settings(), data_dir=tmp_path / "data", admin_token=ADMIN, tokens_file=tokens), disk)
    yield made
    made.extensions["kg"].queries.close()


@pytest.fixture
def web(app):
    return app.test_client()


def logged_in(app):
    web = app.test_client()
    assert web.post("/login", data={"token": ADMIN}).status_code == 303
    return web


def key(page: str) -> str:
    return re.search(r'name="key" value="([0-9a-f]{64})"', page)[1]


def test_the_page_is_for_an_administrator(app, web):
    assert web.get("/admin").headers["Location"] == "/login?next=%2Fadmin"
    writer = app.test_client()
    assert writer.post("/login", data={"token": WRITER}).status_code == 303
    assert writer.get("/admin").status_code == 303
    assert logged_in(app).get("/admin").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"), [("post", "/admin/backup"), ("get", "/admin/store"), ("post", "/admin/base")]
)
def test_the_routes_are_for_an_administrator(web, method, path):
    for headers, status in (({}, {401, 403}), (bearer(WRITER), {403}), (bearer("wrong-token-0123456789"), {401})):
        answer = getattr(web, method)(path, headers=headers)
        assert answer.status_code in status
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_form_must_come_from_the_page_of_this_session(app):
    web = logged_in(app)
    assert web.post("/admin/backup", data={}).status_code == 403
    assert web.post("/admin/backup", data={"key": "0" * 64}).status_code == 403
    found = key(web.get("/admin").text)
    elsewhere = web.post("/admin/backup", data={"key": found}, headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403
    assert web.post("/admin/backup", data={"key": found}).status_code == 303
    other = logged_in(app)
    time.sleep(1.1)  # a session that began in another second has another cookie
    assert key(other.get("/admin").text)


def test_a_query_is_stopped_from_the_page(app):
    web = logged_in(app)
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(app.test_client().get("/sparql", query_string={"query": SLOW}))
    )
    asking.start()
    until = time.monotonic() + 30
    while not (found := re.search(r"/admin/queries/([^/]+)/stop", page := web.get("/admin").text)):
        assert time.monotonic() < until, page
        time.sleep(0.1)
    assert web.post(f"/admin/queries/{found[1]}/stop", data={"key": key(page)}).status_code == 303
    asking.join(30)
    assert not asking.is_alive()
    assert answers[0].status_code >= 400


def test_a_difference_of_the_base(web, disk, tmp_path):
    told = web.get("/admin/store", headers=bearer(ADMIN)).json
    assert told["identity"] == disk.identity
    body = json.dumps(
        {
            "removed": "<urn:n1> <urn:p> 1 .\n".replace("1 .", '"1"^^<http://www.w3.org/2001/XMLSchema#integer> .'),
            "added": "<urn:x> <urn:p> <urn:y> .\n",
        }
    )
    answer = web.post("/admin/base", data=body, headers=bearer(ADMIN), content_type="application/json")
    assert answer.json == {"removed": 1, "added": 1}
    assert disk.ask("ASK { <urn:x> <urn:p> <urn:y> }")
    assert not disk.ask("ASK { <urn:n1> <urn:p> ?o }")
    version = disk.version
    for broken in ("", "{}", "[]", '{"removed": 1, "added": ""}', '{"removed": "", "added": "<urn:x"}'):
        answer = web.post("/admin/base", data=broken, headers=bearer(ADMIN), content_type="application/json")
        assert answer.status_code == 400, broken
    assert disk.version == version


def test_a_restore_drill(web, disk, tmp_path):
    (tmp_path / "data" / ingest.MANIFEST).write_text("{}", "utf-8")
    made = web.post("/admin/backup", headers=bearer(ADMIN)).json
    assert made["triples"] == 301
    disk.update("DROP ALL")
    folder = tmp_path / "data" / backup.FOLDER / made["folder"].rpartition("/")[2]
    again = backup.restore(folder, tmp_path / "again")
    assert again.triples == 301
    with EmbeddedStore.open(tmp_path / "again") as restored:
        assert restored.ask("ASK { GRAPH <urn:g> { <urn:a> <urn:b> 1 } <urn:n299> <urn:p> 299 }")
    assert (tmp_path / "again" / ingest.MANIFEST).read_text("utf-8") == "{}"
    with pytest.raises(StoreUnusable, match="--replace"):
        backup.restore(folder, tmp_path / "again")
    backup.restore(folder, tmp_path / "again", replace=True)
    assert [b.folder for b in backup.listed(tmp_path / "data")] == [str(folder)]


def test_a_backup_that_was_cut_short_is_none(tmp_path, web):
    made = web.post("/admin/backup", headers=bearer(ADMIN)).json
    folder = tmp_path / "data" / backup.FOLDER / made["folder"].rpartition("/")[2]
    (folder / backup.NOTE).unlink()
    assert backup.listed(tmp_path / "data") == []
    with pytest.raises(StoreUnusable, match="isn't a whole backup"):
        backup.restore(folder, tmp_path / "again")
    assert not (tmp_path / "again" / "store").exists()

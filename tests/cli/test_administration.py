"""Commands that have a running service write: a load, a backup; and the way back."""

import json
import os
import threading
from dataclasses import replace

import pytest
from werkzeug.serving import make_server

from kg.cli.exits import IMPOSSIBLE, OK, USAGE
from kg.config import Settings
from kg.store.embedded import EmbeddedStore
from kg.web import presence
from kg.web.app import create_app
from kg.web.process import birth

ADMIN = "-".join(["admin", "token", "0123456789"])


@pytest.fixture
def served(run, tmp_path):
    """A service over an empty store, that says in the data folder where it is."""
    folder = tmp_path / "data"
    with EmbeddedStore.open(folder) as store:
        store.update("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> 1 } }")
        app = create_app(replace(Settings(), data_dir=folder, admin_token=ADMIN), store)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.port}"
        presence.announce(folder, presence.Presence(address, os.getpid(), "now", birth(os.getpid()), "1"))
        yield store
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["kg"].queries.close()


def test_a_load_goes_through_the_service(run, served, monkeypatch):
    refused = run("load", "--no-validate")
    assert refused.exit_code == IMPOSSIBLE
    assert served.statistics().triples_default == 0
    monkeypatch.setenv("KG_ADMIN_TOKEN", "x" * 20)
    wrong = run("load", "--no-validate")
    assert wrong.exit_code == USAGE
    assert "token" in wrong.stderr
    monkeypatch.setenv("KG_ADMIN_TOKEN", ADMIN)
    loaded = run("load", "--no-validate", "--json")
    assert loaded.exit_code == OK, loaded.output
    report = json.loads(loaded.stdout)
    assert report["added"] == report["triples"] == served.statistics().triples_default > 20_000
    assert served.has_graph("urn:g")
    # What the service holds is mended, not only what the manifest says.
    served.update("DELETE { ?s ?p ?o } WHERE { SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 3 }")
    (served._folder / "base.json").unlink()
    again = json.loads(run("load", "--no-validate", "--json").stdout)
    assert (again["added"], again["removed"]) == (3, 0)
    assert "nothing to change" in run("load", "--no-validate").stdout


def test_a_backup_beside_a_service_and_the_way_back(run, served, tmp_path, monkeypatch):
    assert run("backup").exit_code == IMPOSSIBLE
    monkeypatch.setenv("KG_ADMIN_TOKEN", ADMIN)
    assert run("backup", tmp_path / "elsewhere").exit_code == USAGE
    made = run("backup", "--json")
    assert made.exit_code == OK, made.output
    assert json.loads(made.stdout)["triples"] == 1
    folder = json.loads(made.stdout)["folder"]
    held = run("restore", folder)
    assert held.exit_code == IMPOSSIBLE
    assert "is held by the service" in held.stderr
    monkeypatch.setenv("KG_DATA_DIR", str(tmp_path / "again"))
    assert run("restore", folder).exit_code == OK
    with EmbeddedStore.open(tmp_path / "again", read_only=True) as store:
        assert store.has_graph("urn:g")


def test_a_backup_without_a_service(run, tmp_path):
    with EmbeddedStore.open(tmp_path / "data") as store:
        store.update("INSERT DATA { <urn:a> <urn:b> 1, 2 }")
    made = run("backup", tmp_path / "copy")
    assert made.exit_code == OK, made.output
    assert "2 triples" in made.stdout
    assert run("backup", tmp_path / "copy").exit_code == IMPOSSIBLE
    refused = run("restore", tmp_path / "copy")
    assert refused.exit_code == IMPOSSIBLE
    assert "--replace" in refused.stderr
    with EmbeddedStore.open(tmp_path / "data") as store:
        store.update("CLEAR ALL")
    assert run("restore", tmp_path / "copy", "--replace", "--json").exit_code == OK
    with EmbeddedStore.open(tmp_path / "data", read_only=True) as store:
        assert store.statistics().triples_default == 2
    assert run("restore", tmp_path / "data").exit_code == IMPOSSIBLE

"""A page of another origin reads the service where the deployer lists it, and nowhere else."""

from dataclasses import replace

from chromium import serving
from flask import Flask

from kg.config import Settings
from kg.store.embedded import EmbeddedStore
from kg.web.app import create_app

ASK = """async (address) => {
  try {
    const answer = await fetch(`${address}/sparql`, {
      method: "POST", headers: {"Content-Type": "application/sparql-query"}, body: "ASK {}",
    });
    return [answer.status, (await answer.json()).boolean, answer.headers.get("KG-Complete")];
  } catch (error) { return String(error); }
}"""
WRITE = """async ([address, token]) => {
  try {
    const answer = await fetch(`${address}/graphs?graph=urn:g`, {
      method: "PUT", headers: {"Content-Type": "text/turtle", "Authorization": `Bearer ${token}`}, body: "",
    });
    return answer.status;
  } catch (error) { return String(error); }
}"""


def elsewhere() -> Flask:
    app = Flask("elsewhere")
    app.add_url_rule("/", view_func=lambda: "<!doctype html><title>Elsewhere</title>")
    return app


def test_a_listed_origin_reads_and_another_does_not(browser, tmp_path):
    token = "-".join(["writer", "of", "this", "test"])
    with EmbeddedStore.open(None) as store, serving(elsewhere()) as listed, serving(elsewhere()) as other:
        settings = replace(Settings(), data_dir=tmp_path, base="none", cors_origins=(listed,), admin_token=token)
        with serving(create_app(settings, store)) as service:
            found = {}
            for origin in (listed, other):
                page = browser.new_page()
                page.goto(origin)
                found[origin] = (page.evaluate(ASK, service), page.evaluate(WRITE, [service, token]))
                page.close()
    assert found[listed] == ([200, True, "true"], 201)
    assert all("Failed to fetch" in told for told in found[other])

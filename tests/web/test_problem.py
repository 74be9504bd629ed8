"""The shape of errors on every route, and what every answer carries."""

import json
import logging
import re
from http import HTTPStatus

import pytest

from kg import errors
from kg.web import problem

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
OWN = {"sparql", "resource", "data", "operations"}


def test_every_error_of_the_house_has_a_status():
    classes = [errors.KGError]
    for cls in classes:
        classes.extend(cls.__subclasses__())
    for cls in classes:
        error = cls.__new__(cls)
        error.__dict__ |= {"too_large": False, "cause": "off"}
        if not isinstance(error, problem.RequestRefused):
            assert isinstance(problem.status_of(error), HTTPStatus)
    assert problem.status_of(errors.QueryTooLarge(2, 1)) == 413
    assert problem.status_of(errors.QueryRefused("a", "b")) == 400
    assert problem.status_of(errors.StoreLocked("x")) == 503


def test_no_own_route_shows_the_inside_of_a_failure(make_app, monkeypatch, caplog):
    """Every route of this service, with a store that fails in a way that nobody foresaw."""

    class Broken:
        def __getattr__(self, name):
            raise RuntimeError("the inside")

    app = make_app(store=Broken())
    tried = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] not in OWN or "GET" not in rule.methods:
            continue
        path = re.sub(r"<[^>]*>", "zone/z-1.ttl", rule.rule)
        path = f"{path}?query=ASK{{}}" if path == "/sparql" else path
        response = app.test_client().get(path)
        assert response.status_code in {200, 404, 500}, path
        if response.status_code != 200:
            tried += 1
            assert response.headers["Content-Type"] == "application/problem+json"
            body = json.loads(response.text)
            assert {"type", "title", "status", "detail"} <= set(body)
            assert "the inside" not in response.text
            if response.status_code == 500:
                assert body["accident"] in caplog.text
    assert tried > 5


@pytest.mark.parametrize(
    "path", ["/nowhere", "/nowhere/", "/id", "/%00", "/..%2f..%2fetc/passwd", "/<script>alert(1)</script>"]
)
def test_an_unknown_address(web, path):
    response = web.get(path)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    page = web.get(path, headers={"Accept": BROWSER})
    assert page.status_code == 404
    assert page.mimetype == "text/html"
    assert "<script>alert" not in page.text


def test_a_page_that_fails_hides_no_error(make_app, monkeypatch, caplog):
    def fail(*_, **__):
        raise RuntimeError("the template")

    monkeypatch.setattr(problem, "render_template", fail)
    page = make_app().test_client().get("/id/zone/none<b>", headers={"Accept": BROWSER})
    assert page.status_code == 404
    assert "<h1>Not Found</h1>" in page.text
    assert "<b>" not in page.text
    assert "the template" not in page.text


def test_a_store_that_is_not_there_is_503(make_app):
    class Gone:
        version = "1"

        def ask(self, *_):
            raise errors.StoreError("The store is closed.")

    response = make_app(store=Gone()).test_client().get("/id/zone/z-1")
    assert response.status_code == 503
    assert response.headers["Retry-After"]


@pytest.mark.parametrize(
    "path", ["/healthz", "/sparql", "/sparql?query=x", "/nowhere", "/id/zone/z-1", "/dump", "/metrics"]
)
def test_every_answer_is_guarded(web, path):
    headers = web.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_a_path_forges_no_line_of_the_log(web, caplog):
    caplog.set_level(logging.INFO, logger="kg.access")
    web.get("/nowhere%0d%0a2026-01-01%20INFO%20forged%1b[31m")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "kg.access"]
    assert "\n" not in line
    assert "\r" not in line
    assert "\x1b" not in line

"""Health, readiness and metrics."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from kg.errors import StoreError


def samples(web):
    response = web.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain")
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def test_the_process_lives(web):
    response = web.get("/healthz")
    assert (response.status_code, response.json) == (200, {"status": "alive"})


def test_ready_tells_the_versions(web, small_store):
    response = web.get("/readyz")
    assert response.status_code == 200
    assert response.json == {"status": "ready", "store": small_store.version, "base": ""}


def test_not_ready_before_the_base_is_loaded(make_app):
    response = make_app(base="graph").test_client().get("/readyz")
    assert response.status_code == 503
    assert "kg load" in response.json["reason"]


def test_not_ready_without_a_store(make_app):
    class Gone:
        @property
        def version(self):
            raise StoreError("The store is closed.")

    response = make_app(store=Gone()).test_client().get("/readyz")
    assert (response.status_code, response.json["reason"]) == (503, "The store is closed.")


def test_requests_are_counted_by_route_and_status(web):
    web.get("/healthz")
    web.get("/healthz")
    web.get("/id/zone/none")
    web.get("/no/such/address")
    web.open("/no/such/address", method="BREW")
    found = samples(web)
    assert found["kg_http_requests_total", ("method", "GET"), ("route", "/healthz"), ("status", "200")] == 2
    assert found["kg_http_requests_total", ("method", "GET"), ("route", "/id/<path:rest>"), ("status", "404")] == 1
    assert found["kg_http_requests_total", ("method", "GET"), ("route", "unmatched"), ("status", "404")] == 1
    assert found["kg_http_requests_total", ("method", "other"), ("route", "unmatched"), ("status", "404")] == 1
    assert found["kg_http_request_seconds_count", ("route", "/healthz")] == 2


def test_queries_are_counted_by_form(web):
    for query in ("ASK {}", "ASK {}", "SELECT * {}", "CONSTRUCT {} WHERE {}", "nonsense"):
        web.get("/sparql", query_string={"query": query})
    found = samples(web)
    assert found["kg_sparql_queries_total", ("form", "ask")] == 2
    assert found["kg_sparql_queries_total", ("form", "select")] == 1
    assert found["kg_sparql_queries_total", ("form", "construct")] == 1


def test_the_store_is_counted(web, small_store):
    counts = small_store.statistics()
    for _ in range(2):
        found = samples(web)
        assert found["kg_store_triples", ("part", "default")] == counts.triples_default
        assert found["kg_store_triples", ("part", "named")] == counts.triples_named
        assert found["kg_base_info", ("base", ""), ("store", small_store.version)] == 1


def test_two_apps_count_apart(make_app):
    first, second = make_app().test_client(), make_app().test_client()
    first.get("/healthz")
    assert not any("/healthz" in str(key) for key in samples(second))


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_errors_are_problems_even_for_a_browser(web, path):
    response = web.post(path, headers={"Accept": "text/html"})
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]

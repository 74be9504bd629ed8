"""The page of the standards' test cases shows what was measured, and each miss has a reason."""

import html
import json

import pytest

from kg import paths


def test_the_page_shows_each_suite_and_each_miss(web):
    measured = json.loads(paths.asset("docs/conformance.json").read_text("utf-8"))
    assert measured["misses"]
    assert sum(row["total"] for row in measured["suites"]) > 1000
    for language in ("zh", "en"):
        page = web.get(f"/conformance?lang={language}", headers={"Accept": "text/html"})
        assert page.status_code == 200
        for row in measured["suites"]:
            assert f"<b>{row['pass']}</b>" in page.text
        for miss in measured["misses"]:
            assert miss["id"] in page.text
            assert measured["reasons"][miss["reason"]][language] in html.unescape(page.text)


@pytest.mark.parametrize("suite", ["protocol", "gsp"])
def test_nothing_of_the_protocols_is_missing(suite):
    measured = json.loads(paths.asset("docs/conformance.json").read_text("utf-8"))
    row = next(row for row in measured["suites"] if row["suite"] == suite)
    assert (row["pass"], row["skip"]) == (row["total"], 0)


def test_no_evaluation_is_worse_than_the_engine_s():
    measured = json.loads(paths.asset("docs/conformance.json").read_text("utf-8"))
    for row in measured["suites"]:
        without_load = row["engine"] - 2 if row["suite"] == "update11" else row["engine"]
        if row["suite"].startswith(("eval", "update")):
            assert row["pass"] >= without_load, row

"""The page of the W3C's test cases: what passes, and why the rest doesn't."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import render_template

from kg import paths
from kg.errors import MissingAsset, NotFound
from kg.web.pages.common import blueprint


@cache
def _measured() -> Mapping[str, Any] | None:
    try:
        path = paths.asset("docs/conformance.json")
    except MissingAsset:
        return None
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@blueprint.get("/conformance")
def conformance() -> str:
    """Show the last run of the standards' test cases."""
    found = _measured()
    if found is None:
        raise NotFound("run of the test cases", "docs/conformance.json", "`make conformance` makes one.")
    misses: dict[str, list[Any]] = {}
    for miss in found["misses"]:
        misses.setdefault(miss["reason"] or "engine", []).append(miss)
    total = [row for row in found["suites"] if row["total"]]
    return render_template(
        "conformance.html",
        run=found,
        suites=total,
        passed=sum(row["pass"] for row in total),
        cases=sum(row["total"] for row in total),
        misses=misses,
    )

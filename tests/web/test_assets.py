import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kg.web import assets

WEB = Path(__file__).parent.parent.parent / "web"
LOCK = json.loads((WEB / "package-lock.json").read_text("utf-8"))
PACKAGES = {name: entry for name, entry in LOCK["packages"].items() if name}

needs_build = pytest.mark.skipif(assets.folder() is None, reason="web/dist isn't built: npm run build in web/")


def test_the_lock_names_versions_and_hashes_and_no_host() -> None:
    assert len(PACKAGES) > 2
    for name, entry in PACKAGES.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+[\w.-]*", entry["version"]), name
        assert entry["integrity"].startswith("sha512-"), name
    assert "resolved" not in json.dumps(PACKAGES)
    assert "http" not in json.dumps(PACKAGES)


#: What the bundles carry of packages, with the licence of each; everything else that the lock names builds and tests.
SHIPPED = {"echarts": "Apache-2.0", "tslib": "0BSD", "zrender": "BSD-3-Clause"}


def test_only_known_packages_of_known_licences_are_shipped() -> None:
    shipped = {n.removeprefix("node_modules/"): e["license"] for n, e in PACKAGES.items() if not e.get("dev")}
    assert shipped == SHIPPED
    for source in (WEB / "src").rglob("*.js"):
        for imported in re.findall(r'from "([^"]+)"', source.read_text("utf-8")):
            # A library is the business of the page that needs it: the bundle of every page has none.
            own = imported.startswith(("./", "../"))
            assert own or (imported.partition("/")[0] in SHIPPED and source.parent.name == "pages"), source


@needs_build
def test_what_is_shipped_brings_its_licence_along() -> None:
    folder = assets.folder()
    assert folder is not None
    told = (folder / "licenses.txt").read_text("utf-8")
    assert re.findall(r"^([a-z@/-]+) \d+\.\d+\.\d+\S* \(([^)]+)\)$", told, re.MULTILINE) == sorted(SHIPPED.items())
    assert "Apache ECharts" in told
    assert "Copyright (c) 2017, Baidu Inc." in told


def test_no_source_asks_for_anything_off_the_machine() -> None:
    for source in (p for p in (WEB / "src").rglob("*") if p.is_file()):
        text = source.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        # ECharts writes the outline of a mark in the form of an address.
        text = text.replace("`path://${", "`${")
        assert "//" not in re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE), source
        assert "url(" not in text, source
    for template in (WEB / "templates").glob("*.html"):
        addresses = re.findall(r'(?:src|href|action)="(https?:[^"]+)"', template.read_text("utf-8"))
        assert addresses == [], template


def test_no_template_calls_data_safe() -> None:
    for template in (WEB / "templates").glob("*.html"):
        text = re.sub(r"\{#.*?#\}", "", template.read_text("utf-8"), flags=re.DOTALL)
        assert not re.search(r"\|\s*safe\b|Markup|autoescape false", text), template


@needs_build
def test_a_built_asset_carries_a_hash_and_is_kept_for_ever(client: FlaskClient) -> None:
    shared = {name for name in assets.manifest() if not name.startswith("pages/")}
    assert shared == {"app.js", "theme.js", "style.css", "tokens.css", "drawing.css", "icon.svg"}
    libraries = {name: built for name, (built, _) in assets.libraries().items()}
    assert set(libraries) == {"vis-network.js"}
    for name, built in {**assets.manifest(), **libraries}.items():
        stem, _, suffix = name.rpartition("/")[2].rpartition(".")
        assert re.fullmatch(rf"{stem}-[A-Z0-9]{{8}}\.{suffix}", built)
        answer = client.get(f"/assets/{built}")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.mimetype == assets.MEDIA_TYPES[f".{suffix}"]


@needs_build
@pytest.mark.parametrize("name", ["style.css", "manifest.json", "..%2fpackage.json", "app-XXXXXXXX.js"])
def test_nothing_else_is_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/assets/{name}").status_code == 404


def test_pages_come_without_style_where_nothing_is_built(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assets.manifest.cache_clear()
    monkeypatch.setattr(assets, "folder", lambda: None)
    try:
        answer = client.get("/", headers={"Accept": "text/html"})
        assert answer.status_code == 200
        assert "/assets/" not in answer.get_data(as_text=True)
    finally:
        assets.manifest.cache_clear()

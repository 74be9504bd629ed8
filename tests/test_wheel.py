"""The wheel: what is in it, and that it serves alone, in an empty folder, with the runtime's packages and no others."""

import json
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from service import running

ROOT = Path(__file__).parent.parent
PATIENCE_S = 120

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="this isn't a checkout"),
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel as `make wheel` builds it, straight from the tree."""
    if not (ROOT / "web/dist/manifest.json").exists():
        pytest.fail("the web assets aren't built: make assets")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_everything_that_is_served_is_in_the_wheel_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {
        f"kg/_assets/{path.relative_to(ROOT).as_posix()}"
        for folder in ("ontology", "graph", "web/templates", "web/i18n", "web/dist")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    shipped.add("kg/_assets/docs/conformance.json")
    code = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src/kg").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    about = {name for name in names if re.match(r"zone_kg-[^/]+\.dist-info/", name)}
    assert sum(name.endswith(".ttl") for name in shipped) > 5
    assert "kg/_assets/web/dist/manifest.json" in shipped
    assert any(name.endswith(".rq") for name in code)
    assert names - about == shipped | code
    assert any(name.endswith("licenses/LICENSE") for name in about)


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """A virtual environment with the wheel, and links to the packages of the runtime lock alone."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    lock = (ROOT / "locks/runtime.lock").read_text(encoding="utf-8")
    for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE):
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:  # the lock is for every platform, and this one is for another
            continue
        for top in {file.parts[0] for file in files if file.parts[0] not in {"..", "__pycache__"}}:
            if not (site / top).exists():
                (site / top).symlink_to(distribution(name).locate_file(top))
    python = folder / "bin/python"
    install = ["install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "--python", python, *install, wheel], check=True)
    return folder


@pytest.fixture(scope="module")
def address(installed, tmp_path_factory) -> Iterator[str]:
    """The address of the installed service, started in an empty folder."""
    folder = tmp_path_factory.mktemp("empty")
    environment = {"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8"}
    command = [installed / "bin/kg"]
    with running(folder / "var", environment, kg=command, cwd=folder, patience_s=PATIENCE_S) as presence:
        yield presence["address"]


def fetch(address: str, accept: str = "*/*") -> tuple[str, str]:
    request = urllib.request.Request(address, headers={"Accept": accept})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as response:
        return response.headers["Content-Type"], response.read().decode("utf-8")


def test_the_installed_package_is_the_wheels(installed):
    where = subprocess.run(
        [installed / "bin/python", "-c", "import kg; print(kg.__file__)"],
        check=True,
        capture_output=True,
        encoding="utf-8",
        cwd=installed,
    )
    assert where.stdout.startswith(str(installed))


def test_it_serves_a_page_its_script_and_its_style(address):
    kind, page = fetch(f"{address}/", "text/html")
    assert kind.startswith("text/html")
    assert "开发区" in page
    linked = re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css))"', page)
    assert {path.rpartition(".")[2] for path in linked} == {"js", "css"}
    for path in linked:
        kind, content = fetch(f"{address}{path}")
        assert "javascript" in kind or "css" in kind
        assert content


def test_it_answers_a_query(address):
    query = "SELECT (COUNT(*) AS ?n) { ?zone a <https://w3id.org/zone-kg/ontology#DevelopmentZone> }"
    kind, answer = fetch(f"{address}/sparql?{urllib.parse.urlencode({'query': query})}")
    assert kind == "application/sparql-results+json"
    assert int(json.loads(answer)["results"]["bindings"][0]["n"]["value"]) >= 4

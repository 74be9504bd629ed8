"""The house rules that can be checked: documents against code, queries, locks, and what no file may hold."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from pyoxigraph import NamedNode

from kg.cli import main, table
from kg.config import Settings
from kg.store import lexer
from kg.store.embedded import EmbeddedStore
from kg.store.sparql import bind

ROOT = Path(__file__).parent.parent
OPERATIONS = sorted((ROOT / "src/kg/queries").rglob("*.r[qu]"))
LOCKS = sorted((ROOT / "locks").glob("*.lock"))


@cache
def tracked() -> dict[str, str]:
    """The text files under version control, by name."""
    if not (ROOT / ".git").exists():
        pytest.skip("this isn't a checkout")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, encoding="utf-8")
    found = {}
    for name in filter(None, names.stdout.split("\0")):
        path = ROOT / name
        if path.is_file():
            try:
                found[name] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
    assert len(found) > 50
    return found


def places(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in tracked().items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


# Settings


def documented() -> dict[str, tuple[str, str, str]]:
    text = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(KG_\w+)` \| (.+?) \| (.+?) \| (.+?) \|$", text, re.MULTILINE)
    return {name: (default.strip("`"), sentence, chinese) for name, default, sentence, chinese in rows}


def shown(default: object) -> str:
    return "unset" if default in (None, ()) else str(default)


def test_every_setting_is_documented_and_nothing_else():
    told = {name: (default, sentence) for name, (default, sentence, _) in documented().items()}
    assert told == {
        f"KG_{field.name.upper()}": (shown(field.default), field.metadata["sentence"]) for field in fields(Settings)
    }
    assert all(re.search(r"[\u4e00-\u9fff].*。$", chinese) for _, _, chinese in documented().values())


def test_documents_name_no_setting_that_does_not_exist():
    known = {f"KG_{field.name.upper()}" for field in fields(Settings)}
    named = {
        name: sorted(set(re.findall(r"\bKG_[A-Z_]+\b", text)) - known)
        for name, text in tracked().items()
        if name.endswith(".md") and not name.startswith("docs/decisions/")
    }
    assert {name: unknown for name, unknown in named.items() if unknown} == {}


# Commands


def test_the_entry_point_is_the_command():
    (script,) = entry_points(group="console_scripts", name="kg")
    assert script.load() is main


# Operations


def test_there_are_operations():
    assert len(OPERATIONS) > 20


def header(text: str) -> list[str]:
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("#").strip())
    return lines


def parameters(text: str) -> Iterator[str]:
    yield from {token.text[1:] for token in lexer.tokens(text) if token.kind == "variable" and token.text[0] == "$"}


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_an_operation_parses_and_says_what_it_asks(path):
    text = path.read_text(encoding="utf-8")
    bound = bind(text, dict.fromkeys(parameters(text), NamedNode("urn:any")))
    with EmbeddedStore.open(None) as store:
        if path.suffix == ".ru":
            store.update(bound)
        else:
            b"".join(store.query(bound, None).chunks)
    head = header(text)
    assert re.search(r"[\u4e00-\u9fff].*[？?]", head[0]), "the first line asks in Chinese"
    assert re.search(r"^[A-Z][^\u4e00-\u9fff]*", head[1]), "the second line asks in English"
    assert "?" in " ".join(head[1:4])
    assert re.search(r"^(One solution|One triple|True|Rule)\b", "\n".join(head), re.MULTILINE), "what a solution means"
    for name in parameters(text):
        assert re.search(rf"\${name}\b", "\n".join(head)), f"the header explains ${name}"


# What no file may hold


def test_no_file_has_a_path_of_a_machine():
    # Put together here, so that this file doesn't hold what it looks for.
    folders = "|".join(["work", "root", "farm", "home/[a-z]"])
    assert places(re.compile(rf"(?<![\w.$}}-])/(?:{folders})/?[\w.]")) == []


def test_no_file_has_the_address_of_a_package_registry():
    hosts = "|".join(["py" + r"pi\.org", "python" + r"hosted\.org", "npm" + r"js\.(?:org|com)", "npm" + r"mirror\."])
    assert places(re.compile(hosts)) == []


def test_no_file_copies_an_article(sources):
    """Facts, figures and names enter the graph; 32 characters in a row are a sentence."""
    length = 32
    runs = {
        line[start : start + length]
        for path in sources.glob("*.txt")
        for line in path.read_text(encoding="utf-8").split("\n")
        for start in range(len(line) - length + 1)
    }
    assert runs
    copied = [
        f"{name}:{number}"
        for name, text in tracked().items()
        for number, line in enumerate(text.split("\n"), 1)
        if any(line[start : start + length] in runs for start in range(len(line) - length + 1))
    ]
    assert copied == []


# Locks, and what a project has


def test_every_locked_package_has_hashes_and_no_address():
    assert [path.stem for path in LOCKS] == ["bench", "runtime", "test", "tools"]
    for path in LOCKS:
        text = path.read_text(encoding="utf-8")
        requirements = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
        assert all("==" in part and "--hash=sha256:" in part for part in requirements), path.name
        assert "://" not in text, path.name
    web = (ROOT / "web/package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in web
    assert '"integrity"' in web


def test_the_test_lock_holds_the_runtime_lock():
    def pinned(name: str) -> set[str]:
        return set(
            re.findall(r"^[\w.-]+==[^\s\\;]+", (ROOT / f"locks/{name}.lock").read_text(encoding="utf-8"), re.MULTILINE)
        )

    assert pinned("runtime") <= pinned("test")
    assert "hatchling" in {pin.partition("==")[0] for pin in pinned("runtime")}


def test_every_dependency_is_in_the_runtime_lock():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = (ROOT / "locks/runtime.lock").read_text(encoding="utf-8")
    for requirement in project["dependencies"]:
        name = re.split(r"[<>=]", requirement)[0]
        assert re.search(rf"^{re.escape(name)}==", lock, re.MULTILINE), name
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        assert re.search(rf"\b{re.escape(name)}\b", readme, re.IGNORECASE), f"README says what {name} is for"


def test_the_change_log_and_the_licence_are_there():
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## \[?Unreleased", log, re.MULTILINE)
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").lstrip().startswith("Apache License")


def test_the_continuous_integration_runs_everything():
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & 0o111
    assert "make --no-print-directory test" in script.read_text(encoding="utf-8")


def test_every_verb_of_the_makefile_says_what_it_does():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    declared = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert declared is not None
    verbs = set(declared[1].split()) - {"ready", "ready-test"}
    assert set(re.findall(r"^([a-z]+):.*## [A-Z]", text, re.MULTILINE)) == verbs


def test_decisions_are_dated_and_complete():
    pages = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert pages
    for page in pages:
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}-[a-z0-9-]+\.md", page.name)
        headings = " ".join(re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert re.fullmatch(r"Context Choices?( Alternatives)? Consequences Verified", headings), page.name


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_first_question_has_the_answer_that_it_says(name, store):
    text = (ROOT / name).read_text(encoding="utf-8")
    query = re.search(r"```sparql\n(.+?)```", text, re.DOTALL)
    answer = re.search(r"```\n(day .+?)\n```", text, re.DOTALL)
    assert query is not None
    assert answer is not None
    solutions = store.select(query[1])
    rows = [[table.spell(row.get(variable)) for variable in ("day", "modality", "value")] for row in solutions]
    assert table.render(["day", "modality", "value"], rows) == answer[1]

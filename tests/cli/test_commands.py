"""The commands without a service: what they print, and the code that they end with."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from pyoxigraph import RdfFormat, parse

from kg import paths
from kg.cli import main
from kg.cli.exits import FAILED, IMPOSSIBLE, OK, USAGE
from kg.store.embedded import EmbeddedStore

EVIDENCE = Path(__file__).parent.parent / "data" / "evidence"
ZONES = """
PREFIX kg: <https://w3id.org/zone-kg/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?zone ?label { ?zone a kg:DevelopmentZone ; skos:prefLabel ?label FILTER (?label = "甲区"@zh) }
"""
SMALL = """
@base <https://w3id.org/zone-kg/> .
@prefix kg: <https://w3id.org/zone-kg/ontology#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<id/zone/a> a kg:DevelopmentZone ; skos:prefLabel "甲区"@zh ; kg:purpose "\\u001b[31m红" .
"""


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command by its words."""
    found = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append((*path, name))
        if isinstance(command, click.Group):
            found += commands(command, (*path, name))
    return found


@pytest.fixture
def small(tmp_path, run):
    """A data folder that others filled (KG_BASE=none)."""
    with EmbeddedStore.open(tmp_path / "data") as store:
        store.load_graph(None, SMALL.encode("utf-8"), "text/turtle", replace=False)
        store.load_graph("urn:g", b"<urn:a> <urn:b> 1 .", "text/turtle", replace=False)
    return run


@pytest.mark.parametrize("words", [(), *commands()], ids=" ".join)
def test_every_command_has_help_with_an_example(run, words):
    result = run(*words, "--help")
    assert result.exit_code == OK
    assert "Example" in result.output
    assert "kg" in result.output


def test_the_help_tells_the_exit_codes(run):
    assert "Exit codes: 0 done; 1 the check failed" in " ".join(run("--help").output.split())


def test_help_loads_neither_rdflib_nor_the_server():
    code = (
        "import sys\nfrom kg.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'rdflib', 'pyshacl', 'granian', 'flask', 'pyoxigraph', 'networkx'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, encoding="utf-8")
    assert done.returncode == 0, done.stderr


def test_the_command_is_installed(tmp_path):
    done = subprocess.run(
        [Path(sys.executable).parent / "kg", "--version"], capture_output=True, check=True, encoding="utf-8"
    )
    assert done.stdout.startswith("kg, version ")


# query


def test_a_query_prints_a_table(small):
    result = small("query", "-", stdin=ZONES)
    assert result.exit_code == OK
    assert result.stdout == "zone       label\n─────────  ─────\nid/zone/a  甲区\n"
    assert result.stderr == "(1 solution)\n"


def test_a_query_from_a_file_is_written_in_a_format(small, tmp_path):
    file = tmp_path / "zones.rq"
    file.write_text(ZONES, encoding="utf-8-sig")
    assert small("query", file, "--format", "csv").stdout_bytes == (
        "zone,label\r\nhttps://w3id.org/zone-kg/id/zone/a,甲区\r\n".encode()
    )
    bindings = json.loads(small("query", file, "--format", "json").stdout)["results"]["bindings"]
    assert bindings[0]["label"] == {"type": "literal", "value": "甲区", "xml:lang": "zh"}


def test_ask_and_construct_have_formats_of_their_own(small):
    assert small("query", "-", stdin="ASK {}").stdout == "true\n"
    turtle = small("query", "-", stdin="CONSTRUCT WHERE { ?s <https://w3id.org/zone-kg/ontology#purpose> ?o }")
    assert turtle.exit_code == OK
    assert [t.object.value for t in parse(turtle.stdout_bytes, RdfFormat.TURTLE)] == ["\x1b[31m红"]


def test_nothing_in_the_data_steers_the_terminal(small):
    result = small("query", "-", stdin="SELECT ?o { ?s <https://w3id.org/zone-kg/ontology#purpose> ?o }")
    assert "\x1b" not in result.stdout
    assert "\\x1b[31m红" in result.stdout


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ("SELECT * {", "kg: The query doesn't parse at line 1"),
        ("", "kg: The query doesn't parse"),
        ("INSERT DATA { <urn:a> <urn:b> 1 }", "kg: This is an update"),
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "kg: "),
        (b"\xff", "isn't UTF-8 (byte 0)"),
    ],
)
def test_a_wrong_query_is_one_line(small, operation, said):
    result = small("query", "-", stdin=operation)
    assert result.exit_code == USAGE
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_a_format_that_does_not_fit_is_refused(small):
    result = small("query", "-", "--format", "turtle", stdin="ASK {}")
    assert result.exit_code == USAGE
    assert "can be written as json, xml, csv, tsv" in result.stderr


def test_debug_shows_the_traceback(small):
    assert isinstance(small("--debug", "query", "-", stdin="SELECT").exception, Exception)
    assert not isinstance(small("--debug", "query", "-", stdin="SELECT").exception, SystemExit)


# where it is read from


def test_without_a_store_the_shipped_graph_is_read(run):
    result = run("search", "经开区")
    assert result.exit_code == OK
    assert "There is no store in" in result.stderr
    assert "大同经开区" in result.stdout


def test_an_empty_store_as_a_cut_short_load_leaves_it_is_not_taken_for_the_graph(run, tmp_path):
    EmbeddedStore.open(tmp_path / "data").close()
    result = run("search", "经开区")
    assert result.exit_code == OK
    assert "Nothing is loaded in" in result.stderr
    assert "大同经开区" in result.stdout


def test_a_folder_that_another_process_holds_is_left_alone(small, tmp_path):
    with EmbeddedStore.open(tmp_path / "data"):
        result = small("stats")
    assert result.exit_code == IMPOSSIBLE
    assert result.stderr.startswith("kg: The data folder ")


def test_without_a_base_there_is_nothing_to_read(run, monkeypatch):
    monkeypatch.setenv("KG_BASE", "none")
    result = run("stats")
    assert result.exit_code == IMPOSSIBLE
    assert "there is no store in it yet" in result.stderr


@pytest.mark.parametrize(("name", "value"), [("KG_PORT", "x"), ("KG_PROT", "1")])
def test_a_wrong_setting_is_one_line(run, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    result = run("stats")
    assert result.exit_code == USAGE
    assert result.stderr.startswith(f"kg: {name}='{value}' can't be used")


# load, stats, search, dump


def test_a_load_writes_what_differs(run):
    first = run("load", "--no-validate", "--json")
    assert first.exit_code == OK, first.output
    report = json.loads(first.stdout)
    assert report["added"] == report["triples"] > 0
    assert "nothing to change" in run("load", "--no-validate").stdout
    counted = json.loads(run("stats", "--json").stdout)
    assert counted["triples"] == report["triples"]
    assert counted["base_version"] == report["base_version"]
    assert counted["documents"] == 4


def test_statistics_are_a_table(small):
    result = small("stats")
    assert result.exit_code == OK
    assert "3 triples, and 1 in 1 named graphs; 0 documents" in result.stdout


def test_a_search_finds_or_ends_with_1(small):
    hits = json.loads(small("search", "甲", "--json").stdout)
    assert [(hit["label"], hit["start"], hit["end"]) for hit in hits] == [("甲区", 0, 1)]
    assert small("search", " ").exit_code == USAGE
    nothing = small("search", "乙")
    assert nothing.exit_code == FAILED
    assert nothing.stdout == ""


def test_a_dump_goes_to_a_file_whole_or_not_at_all(small, tmp_path):
    target = tmp_path / "graph.nq"
    assert small("dump", "--format", "nquads", "-o", target).exit_code == OK
    assert len(list(parse(path=str(target), format=RdfFormat.N_QUADS))) == 4
    assert small("dump", "--format", "ntriples", "--graph", "urn:g").stdout.startswith("<urn:a> <urn:b> ")
    assert small("dump", "--format", "nquads", "--graph", "urn:g").exit_code == USAGE
    assert small("dump", "--graph", "urn:none").exit_code == FAILED
    missing = small("dump", "-o", tmp_path / "none" / "graph.ttl")
    assert missing.exit_code == IMPOSSIBLE
    assert "can't be written" in missing.stderr
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["graph.nq"]


# format, evidence


def test_format_checks_and_writes(run, tmp_path):
    file = tmp_path / "graph" / "x.ttl"
    file.parent.mkdir()
    file.write_text("<urn:b> <urn:p> 1 . <urn:a> <urn:p> 1 .\n", encoding="utf-8")
    before = file.read_bytes()
    checked = run("format", "--check", file.parent)
    assert checked.exit_code == FAILED
    assert str(file) in checked.stdout
    assert file.read_bytes() == before
    assert run("format", file.parent).exit_code == OK
    assert file.read_bytes() != before
    assert run("format", "--check", file.parent).exit_code == OK
    (file.parent / "y.ttl").write_text("<urn:a", encoding="utf-8")
    broken = run("format", "--check", file.parent)
    assert broken.exit_code == FAILED
    assert "y.ttl" in broken.stderr
    (tmp_path / "empty").mkdir()
    assert run("format", tmp_path / "empty").exit_code == USAGE


@pytest.mark.parametrize("ending", ["", "/"])
def test_files_to_validate_are_named_as_they_were_given(run, tmp_path, monkeypatch, ending):
    monkeypatch.chdir(tmp_path)
    file = Path("mine", "x.ttl")
    file.parent.mkdir()
    file.write_text(
        "@prefix kg: <https://w3id.org/zone-kg/ontology#> .\n"
        "<https://w3id.org/zone-kg/id/enterprise/nameless-00000000> a kg:Enterprise .\n",
        encoding="utf-8",
    )
    checked = run("validate", "--graph", f"mine{ending}")
    assert checked.exit_code == FAILED
    found = [line for line in checked.stdout.splitlines() if "enterprise/nameless-00000000>" in line]
    assert found
    assert all(line.startswith("violation: mine/x.ttl:2: <") for line in found)
    file.write_text("<urn:a", encoding="utf-8")
    broken = run("validate", "--graph", f"mine{ending}")
    assert broken.exit_code == FAILED
    assert "mine/x.ttl" in broken.stderr
    assert "graph/x.ttl" not in broken.stderr


def test_a_phrase_is_located(run):
    result = run("evidence", "locate", "--sources", EVIDENCE, "--document", "jia", "高新技术企业12家", "--json")
    assert json.loads(result.stdout) == {
        "document": "jia",
        "start": 25,
        "end": 34,
        "paragraph": 2,
        "sha256": "b599a50eda1d7b6052ba55b19f7a8b5a0608d2abb8da3096648d258cc25c015f",
    }
    for document, phrase in [("jia", "没有"), ("jia", "𠮷氏食品厂"), ("yi", "甲"), ("../jia", "甲")]:
        refused = run("evidence", "locate", "--sources", EVIDENCE, "--document", document, phrase)
        assert refused.exit_code == FAILED
        assert refused.stderr.startswith("kg: ")


def test_evidence_is_checked_in_a_data_folder(run, tmp_path):
    graph = (EVIDENCE / "jia.ttl").read_text(encoding="utf-8")
    with EmbeddedStore.open(tmp_path / "data") as store:
        store.load_graph(None, graph.encode("utf-8"), "text/turtle", replace=False)
    passed = run("evidence", "check", "--sources", EVIDENCE)
    assert (passed.exit_code, passed.stdout) == (OK, "jia: 3 of 3 passages, verified\n")
    with EmbeddedStore.open(tmp_path / "data") as store:
        store.load_graph(None, graph.replace("charStart 25", "charStart 26").encode(), "text/turtle", replace=True)
    failed = run("evidence", "check", "--sources", EVIDENCE)
    assert failed.exit_code == FAILED
    assert "obs/jia-1" in failed.stdout


def test_nothing_checked_is_no_success(run, tmp_path):
    unset = run("evidence", "check")
    assert unset.exit_code == FAILED
    assert "Nothing was checked" in unset.stderr
    report = json.loads(run("evidence", "check", "--json", "--sources", tmp_path).stdout)
    assert (report["passed"], report["verified"]) == (False, 0)
    assert report["unchecked"] == report["spans"] > 0


@pytest.mark.parametrize("arguments", [["query", "-", "--format", "csv"], ["dump", "--format", "ntriples"]])
def test_a_reader_that_goes_away_ends_it_quietly(arguments):
    code = f"from kg.cli import main; main({arguments})"
    environment = {**os.environ, "KG_DATA_DIR": "/nonexistent"}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 200000")
        process.stdin.close()
        process.stdout.read(10)
        process.stdout.close()
        said = process.stderr.read().decode("utf-8").splitlines()
        assert len(said) == 1
        assert said[0].startswith("There is no store in ")
        assert process.wait() == FAILED


def test_the_shipped_graph_is_where_the_commands_look():
    assert paths.asset("graph").is_dir()

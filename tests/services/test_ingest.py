"""The loader: what it derives, that it writes differences alone, and that what can't be loaded is refused."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from kg.errors import MissingAsset, ParseFailed
from kg.services import base, ingest
from kg.services.base import BaseFiles
from kg.services.ingest import LoadReport, load
from kg.store.embedded import EmbeddedStore

TINY = Path(__file__).parent.parent / "data/base"
RULES = Path(base.__file__).parent.parent / "queries/ingest"
HEAD = "".join(
    f"@prefix {prefix}: <{iri}> .\n"
    for prefix, iri in {
        "kg": "https://w3id.org/zone-kg/ontology#",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "org": "http://www.w3.org/ns/org#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "m": "https://w3id.org/zone-kg/scheme/modality/",
        "c": "https://w3id.org/zone-kg/scheme/certainty/",
        "role": "https://w3id.org/zone-kg/scheme/chain-role/",
        "stage": "https://w3id.org/zone-kg/scheme/project-stage/",
        "e": "https://w3id.org/zone-kg/id/enterprise/",
    }.items()
)
#: For each rule a fact without its modality, and the direct triples that it gives: subject, predicate, object.
FACTS = {
    "claim": ("a kg:Claim ; rdf:subject e:a ; rdf:predicate kg:produces ; rdf:object e:x", {"a produces x"}),
    "partnership": ("a kg:Partnership ; kg:partner e:a, e:b", {"a partnerOf b", "b partnerOf a"}),
    "investment": ("a kg:Investment ; kg:investor e:a ; kg:target e:x ; kg:amount 9.5", {"a investsIn x"}),
    "supply": ("a kg:Supply ; kg:supplier e:a ; kg:customer e:b", {"a suppliesTo b"}),
    "leader": ("a kg:ChainRole ; kg:chain e:c ; kg:member e:a ; kg:chainRole role:leader", {"c chainLeader a"}),
    "certification": ("a kg:Certification ; kg:holder e:a ; kg:certType e:t", {"a hasCertType t"}),
    "position": ("a kg:Position ; org:member e:p ; org:organization e:a", {"p worksFor a"}),
    "milestone": ("a kg:ProjectMilestone ; kg:project e:p ; kg:stageReached stage:signed", {"p projectStage signed"}),
}
NONE = ["m:planned", "m:expected", "m:target", "m:intended", "m:underway"]


@pytest.fixture
def files(tmp_path: Path) -> BaseFiles:
    """A copy of the tiny base without its facts: the ontology, places, the date of the dataset."""
    shutil.copytree(TINY, tmp_path / "base")
    (tmp_path / "base/graph/facts.ttl").unlink()
    return BaseFiles(tmp_path / "base/ontology", tmp_path / "base/graph")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(tmp_path / "data") as opened:
        yield opened


def put(files: BaseFiles, text: str, name: str = "extra") -> None:
    (files.graph / f"{name}.ttl").write_text(HEAD + text, encoding="utf-8")


def content(store: EmbeddedStore) -> set[bytes]:
    out = BytesIO()
    store.dump(out, "application/n-triples")
    return set(out.getvalue().splitlines())


def derived(files: BaseFiles, text: str) -> set[str]:
    """What the rules add to a text, with local names alone."""
    put(files, text)
    target = base.build(files.listed())
    stated = {str(quad.triple) for name, path in files.listed().items() for quad in base.parse_file(name, path)}
    added = [line.removesuffix(b" .").decode() for line in target.lines]
    found = [line for line in added if line not in stated]
    assert target.derived == len(found)
    return {
        " ".join(part.strip("<>").replace("#", "/").rpartition("/")[2] for part in line.split(" ")) for line in found
    }


def test_every_rule_is_tried():
    assert set(FACTS) == set(base.RULES) == {path.stem for path in RULES.glob("*.ru")}


@pytest.mark.parametrize("rule", FACTS)
def test_an_actual_fact_gives_its_direct_triple_and_nothing_else_does(files: BaseFiles, rule: str):
    fact, wanted = FACTS[rule]
    assert derived(files, f"<urn:f> {fact} ; kg:modality m:actual .") == wanted
    assert derived(files, f"<urn:f> {fact} ; kg:modality m:actual ; kg:certainty c:conjecture .") == wanted
    assert (
        derived(files, "".join(f"<urn:f{n}> {fact} ; kg:modality {kind} .\n" for n, kind in enumerate(NONE))) == set()
    )
    assert derived(files, f"<urn:f> {fact} .") == set(), "a fact without a modality"
    over = f'<urn:f> {fact} ; kg:modality m:actual ; kg:endedOn "%s"^^xsd:date .'
    assert derived(files, over % "2026-03-01") == set(), "over on the day of the newest document"
    assert derived(files, over % "2026-03-02") == wanted, "over only after it"
    assert derived(files, f"{over % '2020-01-01'} <urn:again> {fact} ; kg:modality m:actual .") == wanted


def test_partners_both_ways_and_only_leaders_lead(files: BaseFiles):
    found = derived(files, "<urn:f> a kg:Partnership ; kg:modality m:actual ; kg:partner e:a, e:b, e:c .")
    assert found == {f"{a} partnerOf {b}" for a in "abc" for b in "abc" if a != b}
    role = "<urn:f> a kg:ChainRole ; kg:modality m:actual ; kg:chain e:c ; kg:member e:a ; kg:chainRole role:member ."
    assert derived(files, role) == set()


@pytest.mark.parametrize(
    ("milestones", "reached"),
    [
        ([("signed", "2025-12-31", ""), ("construction", "2024-12-31", "")], {"construction"}),
        ([("signed", "2024-01-01", ""), ("construction", "2024-12-31", "2025-01-01")], {"signed"}),
        ([("odd", "2025-06-30", ""), ("odder", None, "")], {"odd"}),
        ([("odd", "2025-06-30", ""), ("odder", "2025-07-01", "")], {"odder"}),
        ([("odd", "2025-06-30", ""), ("signed", None, "")], {"signed"}),
        ([("signed", "2024-01-01", ""), ("signed", "2025-01-01", "")], {"signed"}),
    ],
)
def test_the_latest_milestone_is_the_stage(files: BaseFiles, milestones: list[tuple[str, str, str]], reached: set[str]):
    fact = "a kg:ProjectMilestone ; kg:project e:p ; kg:stageReached stage"
    text = f"<urn:plan> {fact}:production ; kg:modality m:planned .\n"
    for number, (stage, date, ended) in enumerate(milestones):
        text += f"<urn:{number}> {fact}:{stage} ; kg:modality m:actual"
        text += f' ; kg:refersTo "{date}"^^xsd:date' if date else ""
        text += f' ; kg:endedOn "{ended}"^^xsd:date .\n' if ended else " .\n"
    assert derived(files, text) == {f"p projectStage {stage}" for stage in reached}


def test_differences_versions_and_retraction(files: BaseFiles, disk: EmbeddedStore, tmp_path: Path):
    def again() -> tuple[LoadReport, str]:
        report = load(disk, tmp_path / "data", files=files, validate=False)
        assert ingest.base_version(tmp_path / "data") == report.base_version
        lines = (tmp_path / "data" / ingest.NQUADS).read_bytes().splitlines()
        assert lines == sorted(content(disk)), "what was kept is what the store holds"
        return report, report.base_version

    first, empty = again()
    disk.update("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> 1, [] } }")
    put(files, f"<urn:f> {FACTS['claim'][0]} ; kg:modality m:actual .", "one")
    one, with_one = again()
    assert (one.added, one.removed, one.derived, one.triples) == (6, 0, 1, first.triples + 6)
    put(files, f"<urn:f2> {FACTS['claim'][0]} ; kg:modality m:actual .", "two")
    assert again()[0].added == 5, "a second fact of the same link derives nothing more"
    (files.graph / "two.ttl").unlink()
    assert again()[1] == with_one
    assert disk.ask("ASK { ?s <https://w3id.org/zone-kg/ontology#produces> ?o }")
    put(files, "# The same, told otherwise.\n<urn:f> kg:modality m:actual . <urn:f> " + FACTS["claim"][0] + " .", "one")
    same, version = again()
    assert (same.added, same.removed, version) == (0, 0, with_one)
    (files.graph / "one.ttl").unlink()
    last, version = again()
    assert (last.added, last.removed, version) == (0, 6, empty)
    assert not disk.ask("ASK { ?s <https://w3id.org/zone-kg/ontology#produces> ?o }")
    assert len(list(disk.quads("urn:g"))) == 2
    assert disk.graph_names() == ["urn:g"]


def test_a_second_load_imports_no_validator_and_reads_no_file(tmp_path: Path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom kg.services.base import BaseFiles\nfrom kg.services import ingest\n"
        "from kg.store.embedded import EmbeddedStore\ntold = []\nbase = Path(sys.argv[1])\n"
        "with EmbeddedStore.open(Path(sys.argv[2])) as store:\n"
        "    files = BaseFiles(base / 'ontology', base / 'graph')\n"
        "    report = ingest.load(store, Path(sys.argv[2]), files=files, progress=lambda *step: told.append(step))\n"
        "print(report.added, report.removed, report.validation.how, len(told), report.seconds < 0.5,\n"
        "      sorted({'rdflib', 'pyshacl'} & set(sys.modules)))\n"
    )
    run = [sys.executable, "-c", code, str(TINY), str(tmp_path / "data")]
    first, second = (subprocess.run(run, check=True, capture_output=True, encoding="utf-8").stdout for _ in range(2))
    assert first.endswith("['pyshacl', 'rdflib']\n"), "the first load does validate"
    assert second == "0 0 shapes 0 True []\n"


def test_progress_tells_each_stage_to_its_end(files: BaseFiles):
    told: list[tuple[str, int, int]] = []
    with EmbeddedStore.open(None) as store:
        load(store, None, files=files, validate=False, progress=lambda *step: told.append(step))
    stages = list(dict.fromkeys(stage for stage, _, _ in told))
    assert stages == ["parse", "derive", "compare", "write"]
    for stage in stages:
        steps = [(done, total) for name, done, total in told if name == stage]
        assert steps == sorted(steps)
        assert steps[0][0] == 0
        assert steps[-1][0] == steps[-1][1] > 0


@pytest.mark.parametrize(
    ("raw", "line", "message"),
    [
        (b"<urn:s> <urn:p> 1 .\n<urn:s> <urn:p> .\n", 2, "extra.ttl, line 2"),
        (b"<urn:s> <urn:p> 1 .\n\n<urn:s> <urn:p> '\xff' .\n", 3, "UTF-8"),
        (b"<urn:s> kg:p 1 .\n", 1, "kg"),
        (b"<s> <urn:p> 1 .\n", 1, "IRI"),
        (b"<urn:s> <urn:p> [] .\n", None, "blank nodes have no place in the base; give an IRI"),
        (b"_:b <urn:p> 1 .\n", None, "blank nodes"),
        (b"<urn:s> <urn:p> <<( <urn:a> <urn:b> _:c )>> .\n", None, "blank nodes"),
    ],
)
def test_a_file_that_cannot_be_loaded(
    files: BaseFiles, disk: EmbeddedStore, tmp_path: Path, raw: bytes, line: int, message: str
):
    load(disk, tmp_path / "data", files=files, validate=False)
    before = content(disk), disk.version, ingest.base_version(tmp_path / "data")
    (files.graph / "extra.ttl").write_bytes(raw)
    with pytest.raises(ParseFailed) as caught:
        load(disk, tmp_path / "data", files=files)
    assert (caught.value.path, caught.value.line) == ("graph/extra.ttl", line)
    assert message in str(caught.value)
    assert (content(disk), disk.version, ingest.base_version(tmp_path / "data")) == before


def test_a_base_without_data_is_refused(tmp_path: Path):
    with EmbeddedStore.open(None) as store, pytest.raises(MissingAsset):
        load(store, None, files=BaseFiles(TINY / "ontology", tmp_path))

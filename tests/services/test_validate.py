"""Validation: what is refused and how it is told, what is only warned of, and which way was taken."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kg.errors import MissingAsset, ParseFailed, ValidationFailed
from kg.services import base, ingest, validate
from kg.services.base import BaseFiles
from kg.services.ingest import load
from kg.services.validate import Places
from kg.store.embedded import EmbeddedStore

TINY = Path(__file__).parent.parent / "data/base"
ID = "https://w3id.org/zone-kg/id/"
HEAD = (
    "@base <https://w3id.org/zone-kg/> .\n@prefix kg: <https://w3id.org/zone-kg/ontology#> .\n"
    "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
)
NAMELESS = "\n<id/enterprise/nameless> a kg:Enterprise .\n"
TALKATIVE = '\n<id/enterprise/many>\n    a kg:Enterprise ;\n    skos:prefLabel "一"@zh, "one"@en, "un"@fr .\n'


@pytest.fixture
def files(tmp_path: Path) -> BaseFiles:
    shutil.copytree(TINY, tmp_path / "base")
    return BaseFiles(tmp_path / "base/ontology", tmp_path / "base/graph")


def put(files: BaseFiles, text: str) -> None:
    (files.graph / "extra.ttl").write_text(HEAD + text, encoding="utf-8")


def results(files: BaseFiles) -> list[validate.ValidationResult]:
    return validate.shapes(base.build(files.listed()).data, files)


def test_what_conforms_conforms(files: BaseFiles):
    assert results(files) == []
    assert validate.validate_base(base.build(files.listed()), files) == ("shapes", [])


def test_a_violation_is_told_whole_and_the_store_is_as_it_was(files: BaseFiles, tmp_path: Path):
    with EmbeddedStore.open(tmp_path / "data") as store:
        load(store, tmp_path / "data", files=files)
        before = store.version, (tmp_path / "data" / ingest.MANIFEST).read_bytes(), list(map(str, store.quads()))
        put(files, NAMELESS)
        for _ in range(2):
            with pytest.raises(ValidationFailed, match="the store is as it was") as caught:
                load(store, tmp_path / "data", files=files)
            assert caught.value.results == [
                (
                    f"graph/extra.ttl:5: <{ID}enterprise/nameless> at <http://www.w3.org/2004/02/skos/core#prefLabel>: "
                    "实体应有首选名称 / An entity has a preferred label (https://w3id.org/zone-kg/shape/EntityLabel)"
                )
            ]
        after = store.version, (tmp_path / "data" / ingest.MANIFEST).read_bytes(), list(map(str, store.quads()))
        assert after == before
        put(files, NAMELESS.replace(" .", ' ; skos:prefLabel "名"@zh .'))
        assert load(store, tmp_path / "data", files=files).added == 2, "mended, it loads"


def test_a_warning_is_reported_now_and_later_and_is_not_fatal(files: BaseFiles, tmp_path: Path):
    put(files, TALKATIVE)
    with EmbeddedStore.open(tmp_path / "data") as store:
        first = load(store, tmp_path / "data", files=files)
        again = load(store, tmp_path / "data", files=files)
    assert first.validation == again.validation
    assert first.validation.how == "shapes"
    (warning,) = first.validation.warnings
    assert warning.startswith(f"graph/extra.ttl:5: <{ID}enterprise/many>")
    assert "首选名称偏多 / Many preferred labels" in warning
    assert again.added == 0


def test_violations_come_before_warnings_and_subclasses_count(files: BaseFiles):
    put(files, TALKATIVE + NAMELESS + "<id/person/nobody> a kg:Person .\n<id/other/x> a kg:Other .\n")
    found = [(result.severity, result.focus.removeprefix(ID), result.line) for result in results(files)]
    assert found == [
        ("violation", "enterprise/nameless", 9),
        ("violation", "person/nobody", 10),
        ("warning", "enterprise/many", 5),
    ]


def test_a_path_of_several_steps_has_no_name(files: BaseFiles):
    (files.ontology / "shapes/inverse.ttl").write_text(
        HEAD + "@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        "<shape/Used> sh:targetNode <id/enterprise/a> ; a sh:NodeShape ; sh:severity sh:Info ;\n"
        '  sh:property [ sh:path [ sh:inversePath kg:uses ] ; sh:minCount 1 ; sh:message "unused"@en ] .\n',
        encoding="utf-8",
    )
    (found,) = results(files)
    assert (found.path, found.shape, found.message_en) == ("", "https://w3id.org/zone-kg/shape/Used", "unused")
    assert (found.file, found.line) == ("graph/facts.ttl", 9)


@pytest.mark.parametrize("left", ["nothing", "a file without shapes", "no folder"])
def test_without_a_shape_nothing_conforms(files: BaseFiles, left: str):
    shutil.rmtree(files.ontology / "shapes")
    if left != "no folder":
        (files.ontology / "shapes").mkdir()
    if left == "a file without shapes":
        (files.ontology / "shapes/empty.ttl").write_text(HEAD + "kg:x a kg:Entity .\n", encoding="utf-8")
    with EmbeddedStore.open(None) as store:
        with pytest.raises(ValidationFailed, match="no shape was found"):
            load(store, None, files=files)
        assert store.statistics().triples_default == 0


def test_a_broken_file_of_shapes_is_named(files: BaseFiles):
    (files.ontology / "shapes/broken.ttl").write_text("<urn:a> <urn:b> .", encoding="utf-8")
    with pytest.raises(ParseFailed, match=r"ontology/shapes/broken\.ttl"):
        results(files)


def test_a_changed_shape_is_asked_again_though_the_data_are_the_same(files: BaseFiles, tmp_path: Path):
    put(files, TALKATIVE)
    with EmbeddedStore.open(tmp_path / "data") as store:
        load(store, tmp_path / "data", files=files)
        shape = files.ontology / "shapes/entity.ttl"
        shape.write_text(shape.read_text(encoding="utf-8").replace("sh:severity sh:Warning ;", ""), encoding="utf-8")
        with pytest.raises(ValidationFailed, match="Many preferred labels"):
            load(store, tmp_path / "data", files=files)
        unasked = load(store, tmp_path / "data", files=files, validate=False)
        assert unasked.added == 0
        with pytest.raises(ValidationFailed):
            load(store, tmp_path / "data", files=files)


def test_what_was_loaded_unvalidated_is_validated_when_it_is_wanted(files: BaseFiles, tmp_path: Path):
    put(files, NAMELESS)
    with EmbeddedStore.open(tmp_path / "data") as store:
        assert load(store, tmp_path / "data", files=files, validate=False).validation.how == "none"
        with pytest.raises(ValidationFailed):
            load(store, tmp_path / "data", files=files)


def test_the_result_is_kept_by_hash_and_the_validator_stays_unimported(tmp_path: Path):
    with EmbeddedStore.open(tmp_path) as store:
        load(store, tmp_path, files=BaseFiles(TINY / "ontology", TINY / "graph"))
    kept = json.loads((tmp_path / ingest.MANIFEST).read_text(encoding="utf-8"))["validation"]
    assert kept["how"] == "shapes"
    assert len(kept["inputs"]) == 64
    code = (
        "import sys\nfrom pathlib import Path\nfrom kg.services import ingest\nfrom kg.services.base import BaseFiles\n"
        "from kg.store.embedded import EmbeddedStore\nbase, data = map(Path, sys.argv[1:])\n"
        "with EmbeddedStore.open(data) as store:\n"
        "    print(ingest.load(store, data, files=BaseFiles(base / 'ontology', base / 'graph')).validation.how)\n"
        "print(sorted({'rdflib', 'pyshacl', 'kg.services.validate'} & set(sys.modules)))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, TINY, tmp_path], check=True, capture_output=True, encoding="utf-8"
    )
    assert run.stdout == "shapes\n[]\n"


def test_a_large_base_is_judged_by_the_hygiene_queries_and_says_so(files: BaseFiles, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(validate, "MOST_TRIPLES_FOR_SHAPES", 10)
    monkeypatch.setattr(validate, "shapes", None)
    put(files, TALKATIVE)
    with EmbeddedStore.open(None) as store:
        report = load(store, None, files=files)
        assert (report.validation.how, report.validation.warnings) == ("hygiene", ())
        put(files, NAMELESS)
        with pytest.raises(ValidationFailed) as caught:
            load(store, None, files=files)
        assert caught.value.results == [
            (
                f"graph/extra.ttl:5: <{ID}enterprise/nameless>: 哪些企业没有首选名称? / "
                "Which enterprises have no preferred label? (label-violation)"
            )
        ]
        shutil.rmtree(files.ontology / "hygiene")
        with pytest.raises(MissingAsset, match="hygiene"):
            load(store, None, files=files)


def test_places_know_each_way_of_writing_a_subject(tmp_path: Path):
    (tmp_path / "a.ttl").write_text(
        "PREFIX x: <urn:x:>\n<urn:full> x:p 1 ;\n    x:q <urn:not-a-subject> .\nBASE <http://h/a/>\n"
        "<rel> x:p 1 .\nx:name x:p 1 .\n<urn:full> x:p 2 .\n# <urn:comment> x\n",
        encoding="utf-8",
    )
    places = Places({"a.ttl": tmp_path / "a.ttl"})
    found = {iri: places.find(iri)[1] for iri in ("urn:full", "http://h/a/rel", "urn:x:name", "urn:comment", "urn:x:q")}
    assert found == {"urn:full": 2, "http://h/a/rel": 5, "urn:x:name": 6, "urn:comment": 0, "urn:x:q": 0}
    assert places.find("urn:nowhere") == ("", 0)

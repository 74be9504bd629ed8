"""The registry of minted entities: complete, and minting by it changes no IRI."""

import pytest

from kg.errors import ParseFailed
from kg.model.iri import mint_entity
from kg.model.vocabulary import ENTITY_SEGMENTS, ID
from kg.services import registry
from kg.services.base import BaseFiles

BRAND = """@base <https://w3id.org/zone-kg/> .
@prefix kg: <https://w3id.org/zone-kg/ontology#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

<id/brand/%s>
    a kg:Brand ;
    skos:prefLabel "%s"@zh .
"""


@pytest.fixture(scope="module")
def shipped(dataset: BaseFiles) -> registry.Registry:
    known = registry.read(dataset.graph / registry.REGISTRY)
    assert len(known) > 300
    return known


def test_every_entity_of_the_graph_stands_in_it(dataset, shipped):
    lacking = registry.missing(dataset, shipped)
    assert lacking == {}, "run: python -m kg.services.registry"


def test_minting_by_it_gives_the_same_iri_whatever_the_label(shipped):
    for (class_name, name), iri in shipped.items():
        assert mint_entity(class_name, name, label="别的名称", registry=shipped) == iri
        assert iri.startswith(f"{ID}{ENTITY_SEGMENTS[class_name]}/")


def test_the_hash_in_an_iri_is_that_of_class_and_name(shipped):
    for (class_name, name), iri in shipped.items():
        if class_name != "AdministrativeDivision":
            assert iri[-8:] == mint_entity(class_name, name)[-8:], (class_name, name)


def test_the_file_is_sorted_and_reads_back(dataset, shipped):
    path = dataset.graph / registry.REGISTRY
    assert registry.text(shipped) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["class,name,iri"],
        [registry.HEADER, "Brand\t甲"],
        [registry.HEADER, f"Trademark\t甲\t{ID}brand/jia-1"],
        [registry.HEADER, f"Brand\t甲\t{ID}brand/jia-1", f"Brand\t甲\t{ID}brand/jia-2"],
        [registry.HEADER, f"Brand\t甲\t{ID}brand/jia-1", f"Brand\t乙\t{ID}brand/jia-1"],
    ],
    ids=["empty", "header", "fields", "class", "name-twice", "iri-twice"],
)
def test_a_file_that_is_no_registry_is_refused(tmp_path, lines):
    path = tmp_path / "registry.tsv"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    with pytest.raises(ParseFailed):
        registry.read(path)


def test_an_update_keeps_what_stands_and_adds_what_lacks(tmp_path, dataset):
    files = BaseFiles(dataset.ontology, tmp_path)
    iri = mint_entity("Brand", "神池胡麻")
    data = tmp_path / "brands.ttl"
    data.write_text(BRAND % (iri.removeprefix(f"{ID}brand/"), "神池胡麻"), encoding="utf-8")
    assert registry.read(tmp_path / registry.REGISTRY) == {}
    assert registry.update(files) == 1
    assert registry.update(files) == 0
    # Renamed: the IRI and its line stay.
    data.write_text(BRAND % (iri.removeprefix(f"{ID}brand/"), "神池亚麻"), encoding="utf-8")
    assert registry.update(files) == 0
    assert registry.read(tmp_path / registry.REGISTRY) == {("Brand", "神池胡麻"): iri}
    # Taken out: its line stays as well.
    data.write_text(BRAND % ("xin-00000000", "新品牌"), encoding="utf-8")
    assert registry.update(files) == 1
    assert registry.read(tmp_path / registry.REGISTRY) == {
        ("Brand", "神池胡麻"): iri,
        ("Brand", "新品牌"): f"{ID}brand/xin-00000000",
    }


def test_two_entities_of_one_class_and_name_are_refused(tmp_path, dataset):
    files = BaseFiles(dataset.ontology, tmp_path)
    for number in (1, 2):
        text = BRAND % (f"jia-0000000{number}", "甲")
        (tmp_path / f"{number}.ttl").write_text(text, encoding="utf-8")
    with pytest.raises(ParseFailed, match="both the Brand named 甲"):
        registry.update(files)


def test_the_examples_of_iris_md_are_entities_of_the_graph(dataset, shipped):
    lines = (dataset.ontology / "iris.md").read_text(encoding="utf-8").splitlines()
    examples = [line.split(" | ")[2] for line in lines if "`mint_entity(" in line]
    assert len(examples) == len(ENTITY_SEGMENTS)
    assert set(examples) <= set(shipped.values())

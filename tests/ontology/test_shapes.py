"""Shapes: every class has one, and each reports what it is there for."""

import re
from collections import defaultdict

import pytest
from rdflib import OWL, RDF, Graph, Literal, URIRef
from rdflib.namespace import SH
from rdflib.term import Node

from .conftest import KG, ROOT, found, merged

SHAPE = "https://w3id.org/zone-kg/shape/"
EXAMPLES = found("ontology/examples/*/*.ttl", 200)


def node_shapes(shapes: Graph) -> set[str]:
    return {str(s) for s in shapes.subjects(RDF.type, SH.NodeShape)}


@pytest.fixture(scope="module")
def reported(shapes: Graph) -> dict[str, set[str]]:
    """The shapes that report something of a file of examples, by its name.

    All files are validated at once: each resource belongs to one file, and its name says to which.
    """
    from pyshacl import validate

    owner: dict[Node, set[str]] = defaultdict(set)
    ontology = merged("ontology/*.ttl", "ontology/codelists/*.ttl")
    graph = Graph()
    for path in EXAMPLES:
        example = Graph().parse(path)
        graph += example
        for subject in set(example.subjects()):
            owner[subject].add(path.name)
    graph += ontology
    _, report, _ = validate(graph, shacl_graph=shapes, ont_graph=ontology)
    assert isinstance(report, Graph)
    found_by: dict[str, set[str]] = defaultdict(set)
    for result in report.subjects(RDF.type, SH.ValidationResult):
        source = str(report.value(result, SH.sourceShape))
        for node in (report.value(result, SH.focusNode), report.value(result, SH.value)):
            if node is not None and len(owner[node]) == 1:
                found_by[next(iter(owner[node]))].add(source)
    assert found_by
    return found_by


def test_every_class_has_a_shape(terms, shapes):
    classes = {str(c) for c in terms.subjects(RDF.type, OWL.Class)}
    assert len(classes) >= 45
    assert classes - {str(c) for c in shapes.objects(None, SH.targetClass)} == set()
    assert {str(c) for c in shapes.objects(None, SH.targetClass) if str(c).startswith(KG)} <= classes


def test_shapes_have_readable_names_and_messages_in_both_languages(shapes):
    for kind in (SH.NodeShape, SH.PropertyShape):
        for shape in shapes.subjects(RDF.type, kind):
            assert re.fullmatch(re.escape(SHAPE) + r"[A-Z]\w+(?:-\w+)*", str(shape))
            constrains = kind == SH.PropertyShape or any(
                (shape, p, None) in shapes for p in (SH.sparql, SH.pattern, SH["or"], SH.xone)
            )
            if constrains:
                messages = [m for m in shapes.objects(shape, SH.message) if isinstance(m, Literal)]
                assert sorted(str(m.language) for m in messages) == ["en", "zh"], shape


def test_a_property_shape_belongs_to_the_node_shape_that_its_name_says(shapes):
    for shape in shapes.subjects(RDF.type, SH.PropertyShape):
        assert {str(s) for s in shapes.subjects(SH.property, shape)} == {
            SHAPE + str(shape).removeprefix(SHAPE).partition("-")[0]
        }


def test_shapes_name_no_property_that_is_undefined(terms, shapes):
    defined = {str(t) for t in terms.subjects(RDF.type)}
    text = "".join(path.read_text(encoding="utf-8") for path in found("ontology/shapes/*.ttl", 10))
    used = {KG + name for name in re.findall(r"\bkg:(\w+)", text)}
    assert used
    assert used - defined == set()


def test_only_what_may_be_so_in_the_articles_is_a_warning(shapes):
    assert {str(s).removeprefix(SHAPE) for s in shapes.subjects(SH.severity, SH.Warning)} == {
        "LeaderInSegment",
        "OneActualValue",
        "PartsSumToTotal",
        "TargetAfterDocument",
    }
    assert set(shapes.objects(None, SH.severity)) == {SH.Warning}


def test_examples_name_no_term_that_is_undefined(terms):
    defined = {str(t) for t in terms.subjects(RDF.type)}
    for path in EXAMPLES:
        example = Graph().parse(path)
        assert example, path.name
        used = {str(term) for triple in example for term in triple if str(term).startswith(KG)}
        assert used - defined == set(), path.name


def test_every_shape_has_a_valid_and_an_invalid_example(shapes):
    names = {path.name for path in EXAMPLES}
    for shape in node_shapes(shapes):
        name = shape.removeprefix(SHAPE)
        assert f"{name}-valid.ttl" in names
        assert f"{name}-invalid-01.ttl" in names


def test_every_property_shape_has_an_invalid_example(shapes):
    expected = {expects(path) for path in EXAMPLES}
    assert {str(s) for s in shapes.subjects(RDF.type, SH.PropertyShape)} - expected == set()


def expects(path) -> str:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return first.rpartition(" ")[2]


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_examples(path, shapes, reported):
    shape = expects(path)
    assert (URIRef(shape), RDF.type, None) in shapes
    if "-valid" in path.name:
        assert reported[path.name] == set()
    else:
        assert shape in reported[path.name]


@pytest.mark.slow
def test_the_base_conforms(dataset):
    from kg.services.base import build
    from kg.services.validate import shapes as validate_shapes

    results = validate_shapes(build(dataset.listed()).data, dataset)
    assert [str(r) for r in results if r.severity == "violation"] == []


def test_no_shape_stands_outside_the_folder():
    assert not list(ROOT.glob("graph/**/*shape*"))

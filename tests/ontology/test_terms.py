"""Classes and properties: labels, definitions, examples, source, layer."""

import re
from collections.abc import Mapping

import pytest
from rdflib import OWL, RDF, RDFS, SDO, SKOS, XSD, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, VANN

from .conftest import KG, ROOT, SCHEME, found

kg = Namespace(KG)
KINDS = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)
#: Classes of other vocabularies that the ontology reuses, as a range or of the data themselves.
FOREIGN = {
    "http://qudt.org/schema/qudt/Unit",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#Property",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString",
    "http://www.w3.org/2002/07/owl#Class",
    "http://www.w3.org/2004/02/skos/core#Concept",
    "http://www.w3.org/2006/time#ProperInterval",
    "http://www.w3.org/ns/dcat#Dataset",
}


def own(graph: Graph, *kinds: URIRef) -> list[URIRef]:
    terms = sorted({t for kind in kinds for t in graph.subjects(RDF.type, kind) if str(t).startswith(KG)})
    assert terms
    return [URIRef(t) for t in terms]


def languages(graph: Graph, term: URIRef, property_: URIRef) -> list[str]:
    return sorted(str(o.language) for o in graph.objects(term, property_) if isinstance(o, Literal))


@pytest.mark.parametrize("path", found("ontology/**/*.ttl", 300), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_turtle_file_parses_and_opens_with_a_comment(path):
    assert len(Graph().parse(path)) > 0
    assert path.read_text(encoding="utf-8").startswith("# ")


def test_alignments_parse_and_name_terms_of_the_ontology(terms, lists):
    known = {str(t) for t in own(terms, *KINDS)} | {str(s) for g in lists.values() for s in g.subjects()}
    for path in found("ontology/alignments/*.ttl", 10):
        graph = Graph().parse(path)
        links = [t for t in graph if str(t[1]).startswith(str(SKOS)) or t[1] == OWL.equivalentClass]
        assert links, path
        assert {str(s) for s, _, _ in links} <= known, path


def test_every_term_is_labelled_and_defined(terms):
    for term in own(terms, *KINDS):
        assert languages(terms, term, RDFS.label) == ["en", "zh"], term
        assert languages(terms, term, SKOS.definition) == ["en", "zh"], term
        (module,) = terms.objects(term, RDFS.isDefinedBy)
        assert (module, RDF.type, OWL.Ontology) in terms, term


def test_every_term_has_an_example_in_each_language(terms):
    """A value that is the same in every language (a number, a date, a code) stands once and has no tag."""
    for term in own(terms, *KINDS):
        examples = [o for o in terms.objects(term, SKOS.example) if isinstance(o, Literal)]
        assert sorted(str(o.language) for o in examples) in (["None"], ["en", "zh"]), term
        for example in examples:
            if example.language == "zh":
                assert re.search(r"[\u4e00-\u9fff]", example), term
                assert not re.search(r"[A-Za-z]{2}", example), f"{term}: {example} isn't Chinese throughout"
            else:
                assert not re.search(r"[\u3000-\u9fff]", example), f"{term}: {example} isn't {example.language}"
                assert example.language or re.fullmatch(r"[\w.-]+…?", example), f"{term}: {example} needs a language"


def test_a_term_stands_in_the_module_that_it_names(modules):
    for name, graph in modules.items():
        if name != "zone-kg":
            for term in own(graph, *KINDS):
                assert set(graph.objects(term, RDFS.isDefinedBy)) == {URIRef(f"{KG[:-1]}/{name}")}, term


def test_definitions_are_sentences_of_their_own(terms):
    definitions = [str(o) for t in own(terms, *KINDS) for o in terms.objects(t, SKOS.definition)]
    assert len(set(definitions)) == len(definitions)
    for text in definitions:
        assert re.search(r"[。.]$", text), text


def test_every_property_says_its_domain_range_and_layer(terms):
    layers = {URIRef(f"{SCHEME}layer/descriptive"), URIRef(f"{SCHEME}layer/stated")}
    classes = {str(t) for t in own(terms, OWL.Class)} | FOREIGN
    for term in own(terms, OWL.ObjectProperty, OWL.DatatypeProperty):
        domain = {str(o) for o in terms.objects(term, SDO.domainIncludes)}
        range_ = {str(o) for o in terms.objects(term, SDO.rangeIncludes)}
        assert domain, term
        assert range_, term
        assert domain <= classes, term
        assert {r for r in range_ if not r.startswith(str(XSD))} <= classes, term
        (layer,) = terms.objects(term, kg.layer)
        assert layer in layers, term


def test_a_link_that_facts_give_is_stated_and_names_a_class_of_facts(terms):
    given = dict(terms.subject_objects(kg.givenBy))
    assert len(given) > 60
    for property_, class_ in given.items():
        assert (property_, kg.layer, URIRef(f"{SCHEME}layer/stated")) in terms
        assert (class_, RDFS.subClassOf, kg.Fact) in terms


def test_a_property_is_either_a_link_or_a_literal(terms):
    for term in own(terms, OWL.DatatypeProperty):
        for range_ in terms.objects(term, SDO.rangeIncludes):
            assert str(range_).startswith(str(XSD)) or range_ == RDF.langString, term


@pytest.mark.parametrize("pattern", ["ontology/*.ttl", "ontology/alignments/*.ttl"])
def test_every_module_has_its_header(pattern):
    for path in found(pattern):
        graph = Graph().parse(path)
        (ontology,) = graph.subjects(RDF.type, OWL.Ontology)
        assert languages(graph, ontology, DCTERMS.title) == ["en", "zh"], path
        assert languages(graph, ontology, DCTERMS.description) == ["en", "zh"], path
        (version,) = graph.objects(ontology, OWL.versionInfo)
        (version_iri,) = graph.objects(ontology, OWL.versionIRI)
        assert str(version_iri).endswith(f"/{path.stem}/{version}"), path
        for property_ in (DCTERMS.created, DCTERMS.modified):
            (date,) = graph.objects(ontology, property_)
            assert date.datatype == XSD.date, path
        assert (ontology, DCTERMS.license, URIRef("https://www.apache.org/licenses/LICENSE-2.0")) in graph
        assert (ontology, VANN.preferredNamespaceUri, Literal(KG)) in graph
        assert not list(graph.objects(ontology, OWL.imports)), path


def test_the_ontology_lists_its_modules(modules: Mapping[str, Graph]):
    listed = {str(o).rpartition("/")[2] for o in modules["zone-kg"].objects(None, DCTERMS.hasPart)}
    assert listed == set(modules) - {"zone-kg"}


def test_the_data_use_no_term_that_is_undefined(terms, data):
    defined = {str(t) for t in own(terms, *KINDS)}
    used = {str(t) for triple in data for t in triple if isinstance(t, URIRef) and str(t).startswith(KG)}
    assert used
    assert used - defined == set()


def test_no_entity_class_is_left_without_a_path_segment(terms):
    from kg.model.vocabulary import ENTITY_SEGMENTS, FACT_SEGMENTS

    below: dict[URIRef, set[str]] = {}
    for root in (kg.Entity, kg.Fact):
        below[root] = {
            str(c).removeprefix(KG)
            for c in own(terms, OWL.Class)
            if root in set(terms.transitive_objects(c, RDFS.subClassOf))
        } - {str(root).removeprefix(KG)}
    assert below[kg.Fact] == set(FACT_SEGMENTS)
    # A document that isn't a news article has no pattern yet.
    assert below[kg.Entity] - {"Document"} == set(ENTITY_SEGMENTS)

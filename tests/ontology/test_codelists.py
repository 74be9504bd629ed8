"""Code lists: complete, unambiguous, in order."""

import re

from rdflib import RDF, SDO, SKOS, XSD, Graph, Literal, Namespace, URIRef
from rdflib.namespace import TIME

from .conftest import KG, SCHEME

kg = Namespace(KG)
ORDERED = {
    "modality": ["actual", "underway", "expected", "target", "planned", "intended"],
    "certainty": ["stated", "inferred", "conjecture"],
    "project-stage": [
        "reserve", "talks", "signed", "approved", "construction", "structure-complete", "commissioning",
        "trial-production", "production",
    ],
    "chain-stage": ["upstream", "upper-midstream", "midstream", "downstream"],
    "level": ["international", "national", "provincial", "municipal", "county", "zone"],
    "zone-level": ["national", "provincial"],
    "period": ["13th-fyp", "14th-fyp", "15th-fyp"],
}  # fmt: skip
FIXED = {
    "qualifier": {"exact", "approx", "atLeast", "atMost"},
    "layer": {"descriptive", "stated"},
    "chain-role": {"leader", "member"},
    "zone-type": {"economic-technological", "agricultural"},
}
#: What GB/T 4754-2017 calls the classes that the data or the templates use.
STANDARD = {
    "A0122": "油料种植", "A0314": "羊的饲养", "C1314": "杂粮加工", "C1331": "食用植物油加工", "C1351": "牲畜屠宰",
    "C151": "酒的制造", "C2437": "地毯、挂毯制造", "C2613": "无机盐制造", "C27": "医药制造业",
    "C3059": "其他玻璃制品制造",
    "C3612": "新能源车整车制造", "C3825": "光伏设备及元器件制造", "C3841": "锂离子电池制造", "C3974": "显示器件制造",
    "C3983": "敏感元件及传感器制造", "D4416": "太阳能发电", "G5930": "低温仓储", "M7452": "检测服务",
}  # fmt: skip


def concepts(graph: Graph) -> list[URIRef]:
    found = [URIRef(s) for s in graph.subjects(RDF.type, SKOS.Concept)]
    assert found
    return found


def test_one_file_holds_one_scheme_that_is_named_as_the_file(lists):
    for name, graph in lists.items():
        (scheme,) = graph.subjects(RDF.type, SKOS.ConceptScheme)
        assert str(scheme) == SCHEME + name
        for concept in concepts(graph):
            assert set(graph.objects(concept, SKOS.inScheme)) == {scheme}, concept


def test_every_concept_has_labels_and_definitions_in_both_languages(lists):
    for graph in lists.values():
        for concept in concepts(graph):
            for property_ in (SKOS.prefLabel, SKOS.definition):
                values = [o for o in graph.objects(concept, property_) if isinstance(o, Literal)]
                assert sorted(str(v.language) for v in values) == ["en", "zh"], concept
                assert all(str(v).strip() not in {"", "?"} for v in values), concept


def test_notations_are_unique_and_end_the_iri(lists):
    for name, graph in lists.items():
        notations = [str(n) for c in concepts(graph) for n in graph.objects(c, SKOS.notation)]
        assert len(notations) == len(set(notations)) == len(concepts(graph)), name
        for concept in concepts(graph):
            (notation,) = graph.objects(concept, SKOS.notation)
            assert str(concept).endswith(f"/{notation}"), concept


def test_labels_tell_the_concepts_of_a_list_apart(lists):
    for name, graph in lists.items():
        for language in ("zh", "en"):
            seen: dict[str, list[str]] = {}
            for concept in concepts(graph):
                for label in graph.objects(concept, SKOS.prefLabel):
                    if isinstance(label, Literal) and label.language == language:
                        seen.setdefault(str(label).lower(), []).append(str(concept))
            for same in (c for c in seen.values() if len(c) > 1):
                # In the standard a group with one class bears the name of the class.
                assert name == "industry", same
                assert language == "zh", same
                assert sorted(same)[1].startswith(min(same)), same


def test_a_broader_concept_is_in_the_same_list_and_never_itself(lists):
    for graph in lists.values():
        known = set(concepts(graph))
        for concept in known:
            broader = set(graph.objects(concept, SKOS.broader))
            assert broader <= known, concept
            assert bool(broader) != bool(set(graph.objects(concept, SKOS.topConceptOf))), concept
            assert concept not in set(graph.transitive_objects(concept, SKOS.broader)) - {concept}
            assert all(concept not in set(graph.transitive_objects(b, SKOS.broader)) for b in broader)


def test_ordered_lists_are_in_their_order(lists):
    for name, codes in ORDERED.items():
        order = {str(c).rpartition("/")[2]: int(str(o)) for c, o in lists[name].subject_objects(kg.order)}
        assert sorted(order, key=lambda code: order[code]) == codes
        assert sorted(order.values()) == list(range(1, len(codes) + 1))


def test_fixed_lists_hold_exactly_their_codes(lists):
    for name, codes in FIXED.items():
        assert {str(c).rpartition("/")[2] for c in concepts(lists[name])} == codes


def test_every_modality_has_a_mark(lists):
    for concept in concepts(lists["modality"]):
        assert len(list(lists["modality"].objects(concept, kg.glyph))) == 2, concept


def test_stages_know_the_words_that_documents_print(lists):
    printed = {str(o): str(s).rpartition("/")[2] for s, o in lists["project-stage"].subject_objects(SKOS.altLabel)}
    assert printed["封顶"] == "structure-complete"
    assert printed["开工"] == "construction"
    assert printed["建成达效"] == "production"
    assert printed["洽谈"] == "talks"


def test_classes_of_industry_bear_the_names_of_the_standard(lists):
    graph = lists["industry"]
    for code, name in STANDARD.items():
        assert Literal(name, lang="zh") in set(graph.objects(URIRef(f"{SCHEME}industry/{code}"), SKOS.prefLabel))


def test_classes_of_industry_stand_below_the_class_that_their_code_says(lists):
    graph = lists["industry"]
    coded = [c for c in concepts(graph) if re.fullmatch(r"[A-Z]\d{0,4}", str(c).rpartition("/")[2])]
    assert len(coded) > 100
    for concept in coded:
        code = str(concept).rpartition("/")[2]
        parent = {1: "", 3: code[:1]}.get(len(code), code[:-1])
        assert {str(b).rpartition("/")[2] for b in graph.objects(concept, SKOS.broader)} == (
            {parent} if parent else set()
        )


def test_an_indicator_says_its_unit(lists):
    units = set(concepts(lists["unit"]))
    for concept in concepts(lists["indicator"]):
        allowed = set(lists["indicator"].objects(concept, kg.allowedUnit))
        assert allowed, concept
        assert allowed <= units, concept


def test_units_have_symbols_in_both_languages(lists):
    for unit in concepts(lists["unit"]):
        assert sorted(str(getattr(o, "language", "")) for o in lists["unit"].objects(unit, kg.symbol)) == ["en", "zh"]


def test_plan_periods_last_five_years_and_follow_one_another(lists):
    graph = lists["period"]
    spans = []
    for period in graph.subjects(RDF.type, TIME.ProperInterval):
        (start,), (end,) = graph.objects(period, SDO.startDate), graph.objects(period, SDO.endDate)
        assert start.datatype == end.datatype == XSD.date
        spans.append((str(start), str(end)))
    assert sorted(spans) == [
        ("2016-01-01", "2020-12-31"),
        ("2021-01-01", "2025-12-31"),
        ("2026-01-01", "2030-12-31"),
    ]


def test_every_concept_that_the_data_use_is_defined(lists, data):
    defined = {str(c) for graph in lists.values() for c in graph.subjects(SKOS.inScheme, None)}
    defined |= {SCHEME + name for name in lists}
    used = {str(o) for o in data.objects() if str(o).startswith((SCHEME, "https://w3id.org/zone-kg/unit/"))}
    assert used
    assert used - defined == set()

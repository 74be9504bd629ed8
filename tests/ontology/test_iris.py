"""IRI patterns: each that `iris.md` lists is what the functions mint, and the data keep to them."""

import re

from rdflib import RDF, URIRef

from kg.model.iri import mint_entity, mint_evidence, mint_fact
from kg.model.vocabulary import BASE, ENTITY_SEGMENTS, FACT_SEGMENTS, ID

from .conftest import KG, ROOT

ROW = re.compile(r"^\| ([^|]+) \| `([^`]+)` \| (\S+) \| ([^|]+) \|$")
CALL = re.compile(r"^`(mint_\w+)\((.*)\)`$")
MINTERS = {"mint_entity": mint_entity, "mint_fact": mint_fact, "mint_evidence": mint_evidence}
PARTS = {
    "<slug>": r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", "<document>": r"[a-z0-9]+", "<start>": r"\d+", "<end>": r"\d+",
    "<code>": r"[A-Za-z0-9-]+", "<list>": r"[a-z-]+", "<module>": r"[a-z]+", "<name>": r"[A-Za-z0-9-]+",
}  # fmt: skip


def rows() -> list[tuple[str, str, str, str]]:
    lines = (ROOT / "ontology" / "iris.md").read_text(encoding="utf-8").splitlines()
    found = [tuple(match.groups()) for line in lines if (match := ROW.match(line))]
    assert len(found) > 40
    return found  # type: ignore[return-value]


def mint(call: str) -> str:
    matched = CALL.match(call)
    assert matched, call
    arguments, keywords = [], {}
    for part in re.findall(r'(?:(\w+)=)?(?:"([^"]*)"|(\d+))', matched[2]):
        value = part[1] if part[2] == "" else int(part[2])
        if part[0]:
            keywords[part[0]] = value
        else:
            arguments.append(value)
    return MINTERS[matched[1]](*arguments, **keywords)


def test_each_example_is_what_is_minted():
    calls = 0
    for kind, _, example, call in rows():
        if call.startswith("`"):
            calls += 1
            assert mint(call) == example, kind
    assert calls == len(ENTITY_SEGMENTS) + len(FACT_SEGMENTS) + 1


def test_each_example_fits_its_pattern():
    for kind, pattern, example, _ in rows():
        expression = re.escape(pattern)
        hashed = r"[0-9a-f]{16}" if kind == "Claim" else r"[0-9a-f]{8}"
        for name, part in {**PARTS, "<hash>": hashed}.items():
            expression = expression.replace(re.escape(name), part)
        assert re.fullmatch(re.escape(BASE) + expression, example), (pattern, example)


def test_every_class_that_is_minted_has_its_line():
    kinds = {kind for kind, *_ in rows()}
    assert set(ENTITY_SEGMENTS) | set(FACT_SEGMENTS) <= kinds


def test_the_data_keep_to_the_patterns(data):
    segments = {**ENTITY_SEGMENTS, **FACT_SEGMENTS, "Evidence": "ev"}
    seen = 0
    for subject, class_ in data.subject_objects(RDF.type):
        if (name := str(class_).removeprefix(KG)) in segments:
            seen += 1
            assert str(subject).startswith(f"{ID}{segments[name]}/"), subject
            assert str(subject).isascii(), subject
    assert seen > 1000


def test_template_stages_are_minted_from_template_and_stage(data):
    template = URIRef(mint_entity("ChainTemplate", "羊"))
    stage = URIRef(mint_entity("TemplateStage", "羊/屠宰分割", label="屠宰分割"))
    assert (template, URIRef(KG + "hasStage"), stage) in data

"""The graph files: what they may hold, and the articles' own arithmetic."""

import csv
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.model.vocabulary import BASE, FACT_SEGMENTS, ID, KG, RDF, SKOS
from kg.store.embedded import EmbeddedStore

ROOT = Path(__file__).parents[2]
FILES = sorted(ROOT.glob("graph/*.ttl")) + sorted(ROOT.glob("graph/reference/*.ttl"))
ARTICLES = ("datong", "gaoping", "shangdang", "shenchi")
PREFIXES = f"PREFIX kg: <{KG}> PREFIX rdf: <{RDF}> PREFIX skos: <{SKOS}> "
ZONE = f"{ID}zone/datongjingkaiqu-128d2e33"
VALLEY = f"{ID}platform/jinchuanggudatong-a81bece6"
SHANGDANG = f"{ID}zone/shangdangjingkaiqu-7c6d580c"


def parse(path: Path) -> list[ox.Quad]:
    return list(ox.parse(path=str(path), format=ox.RdfFormat.TURTLE))


@pytest.fixture(scope="module")
def written() -> ox.Store:
    """The graph files and the ontology as they are written, before anything is derived."""
    kept = ox.Store()
    for path in [*FILES, *ROOT.glob("ontology/*.ttl"), *ROOT.glob("ontology/codelists/*.ttl")]:
        kept.bulk_load(path=str(path), format=ox.RdfFormat.TURTLE)
    return kept


def select(store: ox.Store | EmbeddedStore, query: str) -> list[tuple[str, ...]]:
    """Return the solutions as tuples of strings."""
    if isinstance(store, EmbeddedStore):
        return [tuple(getattr(v, "value", "") for v in row.values()) for row in store.select(PREFIXES + query)]
    solutions = store.query(PREFIXES + query)
    assert isinstance(solutions, ox.QuerySolutions)
    return [tuple("" if v is None else v.value for v in row) for row in solutions]  # type: ignore[union-attr]


def test_the_collector_finds_the_files():
    names = {path.relative_to(ROOT / "graph").as_posix() for path in FILES}
    assert {f"{article}.ttl" for article in ARTICLES} <= names
    assert {"datasets.ttl", "reference/chains.ttl", "reference/places.ttl"} <= names


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_file_parses_and_names_everything(path):
    quads = parse(path)
    assert quads
    assert not any(isinstance(t, ox.BlankNode) for q in quads for t in (q.subject, q.object))


def test_every_fact_has_modality_certainty_and_evidence(written):
    classes = " ".join(f"kg:{name}" for name in FACT_SEGMENTS)
    facts = select(
        written,
        f"""SELECT ?fact (COUNT(DISTINCT ?m) AS ?modalities) (COUNT(DISTINCT ?c) AS ?certainties)
                  (COUNT(DISTINCT ?e) AS ?evidence)
        WHERE {{
          VALUES ?class {{ {classes} }} ?fact a ?class .
          OPTIONAL {{ ?fact kg:modality ?m }} OPTIONAL {{ ?fact kg:certainty ?c }}
          OPTIONAL {{ ?fact kg:evidence ?e . ?e kg:source ?document }}
        }} GROUP BY ?fact""",
    )
    assert len(facts) > 800
    assert [f for f in facts if f[1:3] != ("1", "1") or f[3] == "0"] == []


def test_no_direct_triple_of_a_stated_property_is_written(written):
    assert select(written, "SELECT ?p WHERE { ?p kg:givenBy kg:Claim }")
    assert select(written, "SELECT ?s ?p ?o WHERE { ?p kg:givenBy ?class . ?s ?p ?o }") == []


def test_direct_triples_are_there_once_derived(store):
    assert len(select(store, "SELECT ?s ?o WHERE { ?s kg:produces ?o }")) > 10


@pytest.mark.parametrize("article", ARTICLES)
def test_a_fact_is_evidenced_by_the_article_in_whose_file_it_stands(article):
    quads = parse(ROOT / f"graph/{article}.ttl")
    sources = {q.object.value for q in quads if q.predicate.value == f"{KG}source"}
    assert len(sources) == 1
    assert sources.pop().startswith(f"{ID}document/{article}-")
    evidence = {q.object.value for q in quads if q.predicate.value == f"{KG}evidence"}
    assert evidence
    assert all(e.startswith(f"{ID}ev/{article}-") for e in evidence)


def test_every_concept_unit_and_period_that_is_used_is_defined(written):
    below = re.compile(rf"(?:{re.escape(BASE)}(?:scheme|unit|period)/|http://qudt\.org/vocab/unit/).+")
    used = {o.value for q in written if isinstance(o := q.object, ox.NamedNode) and below.match(o.value)}
    assert len(used) > 100
    assert used - {row[0] for row in select(written, "SELECT DISTINCT ?value WHERE { ?value a ?class }")} == set()


def test_facts_take_indicators_with_a_unit_that_they_allow(written):
    assert (
        select(
            written,
            """SELECT ?fact ?unit WHERE {
              ?fact kg:indicator ?indicator ; kg:unit ?unit .
              FILTER NOT EXISTS { ?indicator kg:allowedUnit ?unit }
            }""",
        )
        == []
    )


def test_what_pages_show_in_words_stands_in_english_too(store):
    """What a document prints (titles, names, wordings) stays as it is printed."""
    remarks = """VALUES ?property { kg:reason kg:note kg:doubt kg:positionTitle }
      ?fact ?property ?text . FILTER (LANG(?text) = "zh")"""
    texts = '?fact rdf:object ?text . FILTER (LANG(?text) = "zh")'
    for what, english, least in ((remarks, "?property", 300), (texts, "kg:translation", 80)):
        assert len(select(store, f"SELECT DISTINCT ?fact ?text WHERE {{ {what} }}")) > least
        without = f'FILTER NOT EXISTS {{ ?fact {english} ?en . FILTER (LANG(?en) = "en") }}'
        assert select(store, f"SELECT ?fact ?text WHERE {{ {what} {without} }}") == []
    english = select(store, 'SELECT ?text WHERE { ?fact kg:translation ?text FILTER (LANG(?text) = "en") }')
    assert [text for (text,) in english if re.search(r"[\u3000-\u9fff]", text)] == []


# ---- The articles' arithmetic --------------------------------------------------------------------


def number(store, indicator: str, modality: str, about: str = ZONE, date: str = "", group: str = "") -> float:
    """Return the one value of an indicator; `date` is its date, `group` the breakdown, each none where it is empty."""
    dated = f'kg:refersTo ?date . FILTER (STR(?date) = "{date}")' if date else ""
    without = "" if date else "FILTER NOT EXISTS { ?fact kg:refersTo ?any }"
    part = f"<{BASE}scheme/{group}>" if group else ""
    grouped = f"?fact kg:breakdown {part} ." if group else "FILTER NOT EXISTS { ?fact kg:breakdown ?part }"
    rows = select(
        store,
        f"""SELECT ?value WHERE {{
          ?fact kg:about <{about}> ; kg:indicator <{BASE}scheme/indicator/{indicator}> ;
            kg:modality <{BASE}scheme/modality/{modality}> ; kg:value ?value . {f"?fact {dated}" if dated else ""}
          {without} {grouped}
        }}""",
    )
    assert len(rows) == 1, (indicator, modality, date, group, rows)
    return float(rows[0][0])


HTE = "high-tech-enterprises"


def test_high_tech_enterprises_from_2020_to_2025(store):
    before = number(store, HTE, "actual", date="2020-12-31")
    after = number(store, HTE, "expected", date="2025-12-31")
    assert (before, after) == (25, 67)
    assert after - before == number(store, f"{HTE}-increase", "expected", date="2025-12-31") == 42
    growth = number(store, f"{HTE}-growth", "expected", date="2025-12-31")
    assert growth == 168
    assert (after - before) / before * 100 == pytest.approx(growth)


def test_high_tech_enterprises_grow_by_the_rate_that_is_asked_for(store):
    rate = 1 + number(store, f"{HTE}-annual-growth", "target", date="2025-12-31") / 100
    assert rate == pytest.approx(1.15)
    held, target = number(store, HTE, "actual", date="2024-12-31"), number(store, HTE, "target", date="2025-12-31")
    assert (held, target) == (58, 67)
    assert round(held * rate) == target
    assert target - held == number(store, f"{HTE}-increase", "target", date="2025-12-31") == 9


def test_high_tech_enterprises_are_to_reach_77_and_135(store):
    expected = number(store, HTE, "expected", date="2025-12-31")
    assert round(expected * 1.15) == number(store, HTE, "target", date="2026-12-31") == 77
    assert round(expected * 1.15**5) == number(store, HTE, "target", date="2030-12-31") == 135


def test_review_applications_are_those_due_less_those_that_do_not_qualify(store):
    day = "2025-12-31"
    due, unfit = (
        number(store, name, "actual", date=day) for name in ("high-tech-due-for-review", "high-tech-review-ineligible")
    )
    applied = number(store, "high-tech-applications", "actual", date=day, group="breakdown/re-examination")
    assert (due, unfit, applied) == (22, 9, 13)
    assert due - unfit == applied


def parts(store, indicator: str, about: str) -> Iterator[float]:
    for (value,) in select(
        store,
        f"""SELECT ?value WHERE {{
          ?fact kg:about <{about}> ; kg:indicator <{BASE}scheme/indicator/{indicator}> ; kg:breakdown ?part ;
            kg:modality <{BASE}scheme/modality/actual> ; kg:value ?value .
        }}""",
    ):
        yield float(value)


def test_resident_projects_by_field_sum_up(store):
    groups = sorted(parts(store, "resident-projects", VALLEY), reverse=True)
    assert groups == [23, 18, 12, 6, 5, 2]
    assert sum(groups) == number(store, "resident-projects", "actual", about=VALLEY) == 66


def test_prizes_by_rank_sum_up(store):
    groups = sorted(parts(store, "award-winning-projects", VALLEY))
    assert groups == [1, 1, 3, 5]
    assert sum(groups) == number(store, "award-winning-projects", "actual", about=VALLEY) == 10


def test_a_target_and_what_was_reached_are_kept_apart(store):
    assert number(store, "resident-projects", "target", about=VALLEY, date="2025-12-31") == 70
    assert number(store, "plant-utilization", "target", about=VALLEY, date="2025-12-31") == 70
    assert number(store, "plant-utilization", "actual", about=VALLEY) == pytest.approx(60.9)


def test_sums_of_money_are_in_yuan(store):
    day = "2025-10-31"
    assert number(store, "signed-investment", "actual", about=SHANGDANG, date=day) == 9_495_000_000
    assert number(store, "construction-investment", "actual", about=SHANGDANG, date=day) == 2_436_000_000
    assert number(store, "production-investment", "actual", about=SHANGDANG, date=day) == 1_208_000_000


# ---- What lies outside the repository ------------------------------------------------------------


@pytest.mark.parametrize("article", ARTICLES)
def test_no_literal_holds_a_sentence_of_an_article(article, sources):
    text = re.sub(r"\s", "", (sources / f"{article}.txt").read_text(encoding="utf-8"))
    pieces = {text[i : i + 32] for i in range(len(text) - 31)}
    assert pieces
    for path in [*FILES, *sorted(ROOT.glob("ontology/**/*.ttl"))]:
        for quad in parse(path):
            if isinstance(quad.object, ox.Literal):
                value = re.sub(r"\s", "", quad.object.value)
                copied = [value[i : i + 32] for i in range(len(value) - 31) if value[i : i + 32] in pieces]
                assert copied == [], path.name


def test_industries_bear_the_names_of_the_standard(written):
    beside = ROOT.parent / "shared" / "data"
    path = Path(os.environ.get("KG_DATA_SOURCES_DIR") or beside) / "gbt4754-2017.csv"
    if not path.is_file():
        pytest.skip("the table of GB/T 4754-2017 isn't here; set KG_DATA_SOURCES_DIR to its folder")
    with path.open(encoding="utf-8", newline="") as file:
        standard = {row["code"]: row["name_zh"] for row in csv.DictReader(file)}
    assert len(standard) > 1900
    rows = select(
        written,
        f"""SELECT ?code ?label WHERE {{
          ?concept skos:inScheme <{BASE}scheme/industry> ; skos:notation ?code ; skos:prefLabel ?label .
          FILTER (LANG(?label) = "zh" && REGEX(?code, "^[A-T][0-9]*$"))
        }}""",
    )
    assert len(rows) > 50
    assert [row for row in rows if standard.get(row[0]) != row[1]] == []

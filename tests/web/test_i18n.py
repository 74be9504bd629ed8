import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from kg import paths
from kg.model.vocabulary import ENTITY_SEGMENTS, FACT_SEGMENTS
from kg.services import checks, lineup, viewstate
from kg.services.explore import NAME_KINDS
from kg.services.paths import Reason
from kg.web import i18n, present
from kg.web.pages import analysis, analysis_table, chains, explore, explored

ROOT = Path(__file__).parent.parent.parent
ERROR_STATUSES = (300, 400, 401, 403, 404, 405, 406, 409, 410, 413, 414, 415, 422, 429, 500, 503, 504, 507)
#: Keys that are put together from a part of the data: what each part may be.
FAMILIES = {
    "class.": {*ENTITY_SEGMENTS, *FACT_SEGMENTS, "Entity", "Fact", "Concept"},
    "modality.": {*present.MODALITIES, "doubt"},
    "group.": {*(key for key, _ in present.GROUPS), "other", "incoming"},
    "name.": set(NAME_KINDS),
    "certainty.": {"stated", "inferred", "conjecture"},
    "passage.why_": {"unset", "absent", "differs"},
    "document.why_": {"unset", "absent", "differs"},
    "zones.rule_": {"1", "2", "3"},
    "period.": {"13th-fyp", "14th-fyp", "15th-fyp"},
    "error.": {str(int(status)) for status in ERROR_STATUSES},
    # Terms of other vocabularies have no label in the graph.
    "term.": {key.removeprefix("term.") for key in i18n.strings("zh") if key.startswith("term.")},
    # tests/web/test_telling.py holds these against what the code says.
    "said.": {key.removeprefix("said.") for key in i18n.strings("zh") if key.startswith("said.")},
    "ontology.": {"classes", "properties", "subClassOf", "subPropertyOf", "domainIncludes", "rangeIncludes"},
    "gap.": {"wording", "undated", "early", "expected", "inexact", "doubt"},
    "fund.": {"established", "pending", "unclear"},
    "versus.": {"scopes", "modality", "unit", "part", "time"},
    "zone.stage_": {"counts", "amounts"},
    "lane.": {*lineup.LANES, "silent", "none_chosen"},
    "chain.export_": set(chains.EXPORTS),
    "chain.filter_": {"zone", "modality", "kind", "more"},
    "chain.role_": set(lineup.ROLES),
    "chain.view_": set(chains.VIEWS),
    "compare.": {"left", "right", "lead", "not_its", "note", "nothing_else", "show", "title"},
    "admin.phase_": {"waiting", "running", "ended"},
    "admin.state_": {"begins", "done", "failed"},
    "conformance.suite_": {
        r["suite"] for r in json.loads((ROOT / "docs/conformance.json").read_text("utf-8"))["suites"]
    },
    "explore.kind_": set(explored.KINDS),
    "explore.by_": set(viewstate.GROUPINGS),
    "explore.colour_": set(viewstate.COLOURS),
    "explore.size_": set(viewstate.SIZES),
    "explore.define_": {*viewstate.COLOURS, *viewstate.SIZES},
    "explore.none_": {"zone", "class", "chain"},
    "explore.start_": {"firms", "zones", "chains"},
    "explore.tab_": {"facts", "relations", "documents", "missing"},
    "explore.no_path_": set(get_args(Reason)),
    "explore.key_": {name for _, name in explore.KEYS},
    "nav.": {"chains", "explore", "zones", "analysis", "documents", "ontology", "console"},
    "analysis.view_": set(analysis.VIEWS),
    "analysis.define_": {*analysis.VIEWS, "role_segment", "role_product", "role_performer"},
    "analysis.": {
        *(name for names in analysis_table.COLUMNS.values() for name in names),
        *analysis_table.CHECK_COLUMNS,
    },
    "analysis.role_": {"segment", "product", "performer"},
    "analysis.how_": {"links", "nary", "direction", "weight", "aside", "silence"},
    "analysis.checked_": set(get_args(checks.Kind)),
    "analysis.verdict_": {*get_args(checks.Verdict), "reached_expected", "short_expected"},
    "analysis.why_": {*checks.REASONS, *checks.CAVEATS},
    "missing.": set(re.findall(r'\(kg:\w+ "(\w+)"', paths.query("explore/missing.rq"))),
}


def used() -> Iterator[str]:
    sources = [*(ROOT / "web/templates").glob("*.html"), *(ROOT / "src/kg/web").rglob("*.py")]
    assert sources
    for source in sources:
        yield from re.findall(r"""\bt\(\s*["']([a-z_]+(?:\.[A-Za-z_0-9-]+)?)["']\s*[,)]""", source.read_text("utf-8"))
        yield from re.findall(r"""\bt\(["']([a-z_.]+)["'] if """, source.read_text("utf-8"))
        yield from re.findall(r""" else t\(["']([a-z_.]+)["']""", source.read_text("utf-8"))
    yield from ("yes", "no")
    for family, members in FAMILIES.items():
        yield from (family + member for member in members)


def test_both_languages_have_the_same_keys() -> None:
    assert set(i18n.strings("zh")) == set(i18n.strings("en"))


def test_every_key_that_is_used_exists() -> None:
    assert sorted(set(used()) - set(i18n.strings("zh"))) == []


def test_every_key_is_used() -> None:
    assert sorted(set(i18n.strings("zh")) - set(used())) == []


@pytest.mark.parametrize("key", sorted(i18n.strings("zh")))
def test_a_string_has_the_same_values_in_both_languages(key: str) -> None:
    names = [
        {name for _, name, _, _ in Formatter().parse(i18n.strings(language)[key]) if name}
        for language in i18n.LANGUAGES
    ]
    assert names[0] == names[1]


def test_english_has_no_chinese_and_chinese_is_chinese() -> None:
    english = {k: v for k, v in i18n.strings("en").items() if k != "other_language"}
    assert [k for k, v in english.items() if re.search(r"[\u3000-\u9fff\uff00-\uffef]", v)] == []


def test_the_files_are_sorted_by_key_and_both_languages_have_the_same() -> None:
    areas = [
        {p.name: list(json.loads(p.read_text("utf-8"))) for p in (ROOT / "web/i18n" / z).iterdir()}
        for z in i18n.LANGUAGES
    ]
    assert areas[0]
    assert areas[0] == areas[1]
    for keys in areas[0].values():
        assert keys == sorted(keys)


def test_a_number_chooses_its_form() -> None:
    assert i18n.translate("en", "count.facts", n=1) == "1 fact"
    assert i18n.translate("en", "count.facts", n=2) == "2 facts"


def test_a_missing_string_shows_its_key() -> None:
    assert i18n.translate("en", "no.such_key") == "no.such_key"

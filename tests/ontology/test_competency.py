"""The competency questions: what an analyst asks of the graph, each with its whole result over the real graph.

A question is `ontology/competency/CQ<number>-<name>.rq`: its first comment is the question in Chinese (`# zh:`), its
second the same in English (`# en:`), its third what one solution means. Its whole result lies beside it as `.srj`.

Where the graph's data changes, a result changes with it. Then rewrite the results, read the difference against the
article that it is about, and commit both together:

    python tests/ontology/test_competency.py --write && git diff ontology/competency

No test writes them.
"""

import copy
import json
import re
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kg import paths
from kg.services import console, ingest, query
from kg.services.query import QueryRequest
from kg.store.embedded import EmbeddedStore

FOLDER = paths.asset("ontology/competency")
QUERIES = sorted(FOLDER.glob("*.rq"))
LEAST = 60
HEADER = re.compile(r"# zh: (?P<zh>.+)\n# en: (?P<en>.+)\n# One solution: (?P<solution>.+)\n(?!#)")
HAN = re.compile(r"[\u4e00-\u9fff]")
#: A question whose answer ought to be empty says so in the third line of its header.
EMPTY = "no solutions are expected"
NUMERIC = re.compile(r"XMLSchema#(integer|decimal|double|float)$")
#: Terms of the ontology that no question uses, each with a reason.
UNASKED: frozenset[str] = frozenset()
TERMS = """
SELECT DISTINCT ?term WHERE {
  VALUES ?kind {
    <http://www.w3.org/2002/07/owl#Class>
    <http://www.w3.org/2002/07/owl#ObjectProperty>
    <http://www.w3.org/2002/07/owl#DatatypeProperty>
  }
  ?term a ?kind .
  FILTER (STRSTARTS(STR(?term), "https://w3id.org/zone-kg/ontology#"))
}
"""

Result = dict[str, Any]


def answer(store: EmbeddedStore, path: Path) -> Result:
    """Run a question in the serving engine and return its result as SPARQL's JSON."""
    text = path.read_text(encoding="utf-8")
    outcome = query.run(store, QueryRequest(text, "application/sparql-results+json"), query.limits_of(1 << 24))
    return json.loads(b"".join(outcome.chunks))


def counted(result: Result) -> tuple[tuple[str, ...], Counter[frozenset[Any]]]:
    """Return the variables and the multiset of the solutions, numbers by their value."""
    return tuple(result["head"]["vars"]), Counter(
        frozenset((name, _value(term)) for name, term in row.items()) for row in result["results"]["bindings"]
    )


def _value(term: dict[str, str]) -> tuple[Any, ...]:
    datatype = term.get("datatype", "")
    if NUMERIC.search(datatype):
        return ("number", Decimal(term["value"]))
    return (term["type"], term["value"], datatype, term.get("xml:lang", ""))


def expected(path: Path) -> Result:
    return json.loads(path.with_suffix(".srj").read_text(encoding="utf-8"))


def write() -> int:
    """Write the result of every question beside it; return how many changed."""
    changed = 0
    with EmbeddedStore.open(None) as store:
        ingest.load(store, None, validate=False)
        for path in QUERIES:
            text = json.dumps(answer(store, path), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
            target = path.with_suffix(".srj")
            if not target.exists() or target.read_text(encoding="utf-8") != text:
                target.write_text(text, encoding="utf-8")
                changed += 1
    for stray in set(FOLDER.glob("*.srj")) - {path.with_suffix(".srj") for path in QUERIES}:
        stray.unlink()
        changed += 1
    return changed


def test_there_are_enough_questions_numbered_without_a_gap() -> None:
    assert len(QUERIES) >= LEAST
    numbers = [int(re.fullmatch(r"CQ(\d{3})-[a-z0-9]+(-[a-z0-9]+)*", path.stem).group(1)) for path in QUERIES]
    assert numbers == list(range(1, len(QUERIES) + 1))
    assert {path.stem for path in FOLDER.glob("*.srj")} == {path.stem for path in QUERIES}


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_question_has_its_headers_and_a_whole_order(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    header = HEADER.match(text)
    assert header, "the header isn't in zh, en and what a solution is"
    assert HAN.search(header["zh"])
    assert not HAN.search(header["en"] + header["solution"])
    assert "ORDER BY" in text


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_question_has_the_expected_answer(store: EmbeddedStore, path: Path) -> None:
    result, wanted = answer(store, path), expected(path)
    assert counted(result) == counted(wanted)
    assert bool(wanted["results"]["bindings"]) != (EMPTY in path.read_text(encoding="utf-8"))


def test_an_altered_result_is_noticed() -> None:
    path = next(path for path in QUERIES if len(expected(path)["results"]["bindings"]) > 1)
    good = expected(path)
    bindings = good["results"]["bindings"]

    reordered = copy.deepcopy(good)
    reordered["results"]["bindings"].reverse()
    assert counted(reordered) == counted(good)

    shorter, doubled, altered = copy.deepcopy(good), copy.deepcopy(good), copy.deepcopy(good)
    shorter["results"]["bindings"].pop()
    doubled["results"]["bindings"].append(bindings[0])
    next(iter(altered["results"]["bindings"][0].values()))["value"] += "!"
    for worse in (shorter, doubled, altered):
        assert counted(worse) != counted(good)


def test_numbers_compare_by_value() -> None:
    decimal = "http://www.w3.org/2001/XMLSchema#decimal"
    one, same, other = ({"type": "literal", "value": v, "datatype": decimal} for v in ("25", "25.0", "25.1"))
    assert _value(one) == _value(same)
    assert _value(one) != _value(other)


def test_every_term_is_asked_of(store: EmbeddedStore) -> None:
    asked = {name for path in QUERIES for name in re.findall(r"\bkg:(\w+)", path.read_text(encoding="utf-8"))}
    terms = {row["term"].value.partition("#")[2] for row in store.select(TERMS)}
    assert terms - asked == UNASKED
    assert not asked - terms, "questions name terms that the ontology lacks"


def test_the_console_lists_them_in_both_languages() -> None:
    for language in ("zh", "en"):
        listed = console.examples(language)
        assert [example.text for example in listed] == [path.read_text(encoding="utf-8") for path in QUERIES]
        assert all(bool(HAN.search(example.question)) == (language == "zh") for example in listed)


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: test_competency.py --write")
    sys.stdout.write(f"{write()} results changed\n")

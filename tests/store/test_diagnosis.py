"""Every syntax error has a position, and the right one: thousands of stored queries, each with one word wrong."""

import random
import re
from collections import Counter
from pathlib import Path

import pytest

from kg.errors import KGError, QuerySyntaxError
from kg.services import query, update
from kg.services.query import QueryRequest
from kg.services.update import UpdateRequest
from kg.store import lexer
from kg.store.embedded import EmbeddedStore

ROOT = Path(__file__).parent.parent.parent
FILES = sorted(ROOT.glob("src/kg/queries/*/*.rq")) + sorted(ROOT.glob("ontology/competency/*.rq"))
#: What binding puts in for a list isn't SPARQL by itself.
LIST = re.compile(r"[{(]\s*\$")
WORDS = (
    *(
        "SELECT",
        "ASK",
        "FILTER",
        "BIND",
        "AS",
        "GROUP",
        "BY",
        "OPTIONAL",
        "UNION",
        "COUNT",
        "VALUES",
        "DISTINCT",
        "NOT",
    ),
    *(
        "LIMIT",
        "ORDER",
        "HAVING",
        "FROM",
        "EXISTS",
        "MINUS",
        "GRAPH",
        "IN",
        "PREFIX",
        "BASE",
        "undef",
        "大",
        "1",
        "@en",
    ),
    *("?x", "$x", "?", "$", "_:b", "<urn:a>", "<rel>", "kg:a", "nope:a", '"', "'", '"""', "\\", "\\uD800", "\x00"),
    *("{", "}", "(", ")", "[", "]", "<", "<<", ">", ".", ";", ",", "*", "^", "^^", "&", "%", "|", "||", "!"),
)
ROUNDS = 1500


@pytest.fixture(scope="module")
def empty():
    with EmbeddedStore.open(None) as store:
        yield store


@pytest.fixture(scope="module")
def operations() -> list[str]:
    """Every stored query that stands for itself."""
    found = [text for path in FILES if not LIST.search(text := path.read_text(encoding="utf-8"))]
    assert len(found) > 100
    return found


def error_of(store: EmbeddedStore, text: str) -> QuerySyntaxError | None:
    try:
        query.run(store, QueryRequest(text))
    except QuerySyntaxError as error:
        return error
    except KGError:
        pass
    return None


def offset_of(text: str, error: QuerySyntaxError) -> int:
    """Return the offset of the error's position, which lies inside the text or at its end."""
    assert error.line is not None, text
    assert error.column is not None, text
    lines = text.split("\n")
    assert 1 <= error.line <= len(lines), text
    assert 1 <= error.column <= len(lines[error.line - 1]) + 1, text
    return sum(len(line) + 1 for line in lines[: error.line - 1]) + error.column - 1


@pytest.mark.parametrize("seed", range(4))
def test_an_error_lies_inside_and_not_before_what_is_wrong(empty: EmbeddedStore, operations: list[str], seed: int):
    chance, seen = random.Random(seed), Counter[str]()
    for _ in range(ROUNDS):
        whole = chance.choice(operations)
        tokens = list(lexer.tokens(whole))
        number = chance.randrange(len(tokens))
        start, end = tokens[number].start, tokens[number].start + len(tokens[number].text)
        other = chance.choice(WORDS) if chance.random() < 0.6 else chance.choice(tokens).text
        wrong = chance.choice([whole[end:], f"{other} {whole[start:]}", f"{other}{whole[end:]}"])
        text = whole[:start] + wrong
        if (error := error_of(empty, text)) is None:
            continue
        offset = offset_of(text, error)
        seen["errors"] += 1
        if "close" not in error.explanation:
            # What comes before was right; what was put in may join the terminal before it.
            assert offset >= tokens[max(number - 1, 0)].start, (error.explanation, text[offset:][:40], text)
            seen["near"] += offset <= start + len(other) + 1
            seen["explained"] += 1
    assert seen["errors"] > ROUNDS / 2
    assert seen["near"] > 0.7 * seen["explained"], "most errors are found where they are"


@pytest.mark.parametrize("seed", range(4))
def test_a_text_that_is_cut_or_torn_has_its_error_inside(empty: EmbeddedStore, operations: list[str], seed: int):
    chance, errors = random.Random(seed), 0
    for _ in range(ROUNDS // 4):
        whole = chance.choice(operations)
        at = chance.randrange(len(whole))
        text = whole[:at] + chance.choice(["", *WORDS]) + (whole[at + chance.randrange(3) :] if at % 2 else "")
        if (error := error_of(empty, text)) is not None:
            offset_of(text, error)
            errors += 1
    assert errors > ROUNDS / 8


@pytest.mark.parametrize(
    ("text", "column", "explanation"),
    [
        ("SELECT (COUNT(*) ?p AS ?c) { ?s ?p ?o }", 18, "what begins with '?p AS"),
        ("SELECT * { ?s ?p ?o } ORDER BY", 31, "it ends too early"),
        ("SELECT * { ?s ?p ?o } ORDER BY # there", 39, "it ends too early"),
        ("SELECT * { ?s ?p ?o } HAVIN (?s)", 23, "what begins with 'HAVIN"),
        ("SELECT * { ?s ?p ?o . . FILTER(?s) }", 23, "what begins with '. FILTER"),
        ("SELECT * { ?s ?p ? . }", 18, "what begins with '? ."),
        ("SELECT * { ?s ?p < ?o . ?a ?b <urn:c> }", 18, "an IRI begins here that isn't closed"),
        ("SELECT * { ?s ?p < ?o }", 18, "an IRI begins here that isn't closed"),
        ("SELECT * { ?s ?p <http://[x> }", 18, "<http://[x> is no IRI"),
        ("SELECT * { ?s ?p <x> }", 18, "<x> is relative"),
        ("SELECT * { ?s ?p <x> } LIMIT x", 30, "what begins with 'x'"),
        ("SELECT * { ?s nope:p ?o }", 15, "the prefix nope: isn't declared"),
        ("SELECT * { ?s ?p 'x }", 18, "a string begins here"),
        ("SELECT * { ?s ?p 1", 10, "'{' isn't closed"),
        ("SELECT * { VALUES (?a ?b) { (1) } }", 33, "The VALUES clause rows should have"),
        ("SELECT (1 AS ?a) (2 AS ?a) {}", 30, "Duplicated variable name in SELECT."),
        ("SELECT ?a { BIND(1 AS ?x) BIND(2 AS ?x) }", 41, "what begins with '}'"),
        ("INSERT DATA { <urn:a> <urn:b> 1 } ; SELECT", 37, "what begins with 'SELECT'"),
        ("PREFIX a: <urn:a>", 18, "there are declarations"),
        ("# nothing", 10, "it is empty"),
        ("", 1, "it is empty"),
    ],
)
def test_where_and_what(empty: EmbeddedStore, text: str, column: int, explanation: str):
    with pytest.raises(QuerySyntaxError) as caught:
        empty.update(text) if text.startswith("INSERT") else query.run(empty, QueryRequest(text))
    assert (caught.value.line, caught.value.column) == (1, column), caught.value.explanation
    assert caught.value.explanation.startswith(explanation)


def test_asking_again_writes_and_evaluates_nothing(empty: EmbeddedStore):
    with pytest.raises(QuerySyntaxError, match="relative"):
        empty.update("INSERT DATA { <a> <urn:b> 1 } ; LOAD <http://192.0.2.1/none>")
    assert empty.statistics().triples_default == 0


def test_an_error_before_the_operation_stands_where_it_was_written(empty: EmbeddedStore):
    # Words that the guard looks for have it spell IRIs as escapes, which are longer.
    text = "PREFIX service: <urn:service>@en SELECT * { ?s ?p ?o }"
    with pytest.raises(QuerySyntaxError) as of_query:
        query.run(empty, QueryRequest(text))
    with pytest.raises(QuerySyntaxError) as of_update:
        update.apply(empty, UpdateRequest(text), default_graph=True)
    for caught in (of_query, of_update):
        assert (caught.value.line, caught.value.column) == (1, 30)

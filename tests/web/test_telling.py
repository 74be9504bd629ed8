"""What errors say, told in Chinese: every sentence that the code can say to a reader of pages has a code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg import errors
from kg.store.embedded import EmbeddedStore
from kg.web import i18n, telling
from kg.web.problem import _REFUSED, RequestRefused

SRC = Path(__file__).parent.parent.parent / "src/kg"
#: Errors that end a command or the start of the service, or refuse a file; no page ever shows them.
NEVER_ON_A_PAGE = {
    "AddressUnusable",
    "BindingError",
    "DocumentUnreadable",
    "EvidenceError",
    "KGError",
    "LoadFailed",
    "MissingAsset",
    "ParseFailed",
    "PhraseAmbiguous",
    "PhraseMissing",
    "ServerError",
    "SettingError",
    "ValidationFailed",
}
#: Names of parts, parameters and causes: arguments that aren't sentences.
NO_SENTENCE = {
    *("", "off", "full", "rate", "kind", "as-of", "view", "limit", "kinds", "do", "from", "to", "name", "query"),
    *(
        "v",
        "selected",
        "filters.asOf",
        "groups.of",
        "groups.at",
        "path.hops",
        "path.hubs",
        "path.chosen",
        "accident",
        "state",
    ),
    *("docs/conformance.json", "format=§", "/data/§", "§/§", "§§", "§ §", "§, §", "§", "modality", "certainty"),
    *("facts", "zones", "invalid_token", "KG_QUERY_MAX_RESULT_MB", "KG_QUERY_MAX_ROWS", "§ isn't known§"),
    *("The state§ can't be read: §.", "The query doesn't parse§: §"),
}


def _classes(cls: type) -> Iterator[type]:
    yield cls
    for below in cls.__subclasses__():
        yield from _classes(below)


def _texts(node: ast.expr) -> Iterator[str]:
    """Yield the texts of an argument, with a sign in place of each value."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            yield "".join(
                part.value if isinstance(part, ast.Constant) else "'§'" if part.conversion == ord("r") else "§"
                for part in values
                if isinstance(part, ast.Constant | ast.FormattedValue)
            )
        case ast.IfExp(body=body, orelse=orelse):
            yield from _texts(body)
            yield from _texts(orelse)


def sentences() -> Iterator[tuple[str, str]]:
    """Yield where errors are made, and each of their texts."""
    names = {cls.__name__ for cls in _classes(errors.KGError)} - NEVER_ON_A_PAGE | {"problem", "_unauthorized"}
    for path in sorted(SRC.rglob("*.py")):
        if "cli" in path.parts:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        # In errors.py a class says its own words where it hands them to its ancestor.
        own = {
            id(call)
            for cls in ast.walk(tree)
            if path.name == "errors.py" and isinstance(cls, ast.ClassDef) and cls.name not in NEVER_ON_A_PAGE
            for call in ast.walk(cls)
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "__init__"
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in names or id(node) in own:
                for argument in (*node.args, *(word.value for word in node.keywords)):
                    for text in _texts(argument):
                        if text.replace("'§'", "§") not in NO_SENTENCE:
                            yield f"{path.relative_to(SRC)}:{node.lineno}", text
    for detail, advice in _REFUSED.values():
        yield "web/problem.py", re.sub(r"{\w+}", "§", detail)
        yield "web/problem.py", advice


def test_every_sentence_of_an_error_has_a_code():
    found = [(where, text) for where, text in sentences() if text]
    assert len(found) > 100
    unknown = [f"{where}: {text}" for where, text in found if telling.read(text) is None]
    assert unknown == [], "give each a key said.<code> in web/i18n/{zh,en}/error.json"


def _whole(message: str) -> str:
    return "".join(piece.text for piece in telling.tell(message, "zh"))


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (errors.NotFound("zone", "x", "The page /zones lists all of them."), "没有名为“x”的开发区。/zones列出了全部。"),
        (errors.NotFound("entity", "it's", "Look under /search."), "没有名为“it's”的实体。可到/search查找。"),
        (errors.QueryTooLarge(2000, 1000), "查询有2,000字节；最多读1,000字节。"),
        (errors.StoreLocked("/d"), "数据文件夹/d正被另一个进程占用；请先停掉它，或把KG_DATA_DIR设为自己的文件夹。"),
        (errors.StoreUnusable("/d", "this user may not write there"), "数据文件夹/d不能用：这个用户无权写入。"),
        (errors.SelectionRefused("view", "q", "one of a, b"), "view=“q”选不出任何内容。"),
        (errors.QuerySyntaxError("'{' isn't closed.", 1, 9), "查询第1行第9列有语法错误：“{”没有闭合。"),
        (errors.InvalidState("it is no JSON", "boxes[3]"), "视图状态（boxes[3]）读不懂：不是JSON。"),
        (errors.DefaultGraphKept(), "默认图就是知识图谱"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_errors_are_told_in_chinese(error, told):
    assert _whole(getattr(error, "reason", None) or str(error)).startswith(told)


def test_a_reader_s_word_is_told_as_it_is():
    assert _whole("There is no entity 'fact'.") == "没有名为“fact”的实体。"


def test_what_has_no_code_keeps_its_language_and_bears_its_mark():
    assert telling.tell("The moon is full.", "zh") == [telling.Piece("The moon is full.", "en")]
    pieces = telling.tell("The engine couldn't write: no space left", "zh")
    assert pieces == [telling.Piece("引擎写不进去："), telling.Piece("no space left", "en")]
    english = telling.tell("There is no zone '大同'.", "en")
    assert english == [telling.Piece("There is no zone '"), telling.Piece("大同", "zh"), telling.Piece("'.")]


def test_every_code_has_values_of_its_own_and_is_found_by_its_own_text():
    for key, text in i18n.strings("en").items():
        if key.startswith("said."):
            filled = re.sub(r"{\w+!r}", "'§'", text)
            filled = re.sub(r"{\w+(!s)?}", "§", filled).replace("{{", "{").replace("}}", "}")
            sentence = telling.read(filled)
            assert sentence is not None, key
            assert f"said.{sentence.code}" == key


SYNTAX = [
    "SELECT * WHERE { ?s ?p ?o",
    "SELECT * WHERE { ?s ?p }",
    "SELECT ?s { ?s a kgx:Zone }",
    "SELECT ?s { ?s ?p 'open }",
    "SELECT ?s { ?s ?p <a b> }",
    "SELECT ?s { ?s ?p <relative> }",
    "SELECT ?s (COUNT(?o) AS ?n) { ?s ?p ?o }",
    "SELECT ?x (1 AS ?x) { ?x ?y ?z }",
    "SELECT ?s { ?s ?p ?o } LIMIT -1",
    "SELECT * { ?s ?p ?o . VALUES ?s ?t { 1 } }",
    "SELECT ?s { FILTER(EXISTS) }",
    "SELECT ?s { ?s ?p ?o ) }",
    "SELCT * { ?s ?p ?o }",
    "PREFIX kg: <http://a.org/>",
    "PREFIX kg <http://a.org/>",
    "SELECT * { ?s ?p ?o FILTER(nosuch(?o)) }",
    "SELECT * {{ _:a ?p ?o } { _:a ?p ?o }}",
    "SELECT ?a { VALUES (?a ?b) { (1) } }",
    "SELECT * { ?s ?p ?o } GROUP BY ?s",
    "SELECT ?s { BIND(1 AS ?s) BIND(2 AS ?s) }",
]


@pytest.mark.parametrize("query", SYNTAX)
def test_syntax_errors_are_told_in_chinese(query):
    store = EmbeddedStore.open(None)
    with pytest.raises(errors.QuerySyntaxError) as caught:
        list(store.query(query, None).chunks)
    sentence = telling.read(caught.value.explanation)
    assert sentence is not None, caught.value.explanation
    for piece in telling.tell(caught.value.explanation, "zh"):
        # A part in English is a word of the query's, or a name that SPARQL itself gives.
        assert not piece.language or piece.text in query or piece.text.isupper() or "://" in piece.text, piece


def test_the_errors_that_no_page_shows_are_errors_of_the_house():
    known = {cls.__name__ for cls in _classes(errors.KGError)}
    assert known > NEVER_ON_A_PAGE
    assert not issubclass(RequestRefused, errors.StoreError)

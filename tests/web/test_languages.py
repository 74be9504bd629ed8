"""Every page in both languages: what stands there is in the page's language, or says which other one it is in."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from urllib.parse import parse_qs, urldefrag, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient

from kg import errors
from kg.config import Settings
from kg.store.embedded import EmbeddedStore
from kg.web import i18n
from kg.web.app import create_app

#: What is the same in Chinese: formats, standards, keys, names of programs and the words of SPARQL.
SAME_IN_CHINESE = re.compile(
    r"\b[a-z]+:[\w/-]+|\b[a-z]+-[0-9a-f]{8}\b|(?<![A-Za-z])(?:"
    r"SPARQL|IRIs?|RDF|SHACL|VoID|JSON(?:-LD)?|CSV|TSV|XML|SVG|PNG|PDF|XLSX|Excel|HTML|Turtle|N-Triples|GraphML|GEXF"
    r"|Gephi|Cytoscape|Mermaid|DOT|BibTeX|Markdown|UTF-8|HTTP|API|OpenAPI|GB/T|ISO|URL|SHA-?256|XML Schema|XSD"
    r"|SELECT|ASK|CONSTRUCT|DESCRIBE|WHERE|GRAPH|PREFIX|BASE|VALUES|OPTIONAL|FILTER|UNDEF|BIND|IN|LIMIT"
    r"|LOAD(?: SILENT)?|SERVICE|GROUP BY|GROUP_CONCAT|ORDER BY|DISTINCT|Ctrl|Enter|Esc|Shift|Tab|GET|POST|DELETE"
    r"|Accept|Allow|Authorization|Bearer|AI|Louvain|W3C|Oxigraph|Unicode|YYYY-MM-DD|IASP|LED|GW|MW|MPa|kW|kWh|km|kg|mm|dB"
    r"|English"
    r"|KG_[A-Z_]+|\w+\.(?:txt|ttl|rq)"
    r")(?![A-Za-z])"
    # A word of the reader's, a hash, an address of the service, a variable.
    r"|“[^” ]*”|\b[0-9a-f]{12,}\b|(?<![\w<])/[\w./:?=&<>-]*|\?\w+",
    re.ASCII,
)
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
LATIN = re.compile(r"[A-Za-z]{2,}")
READ_ALOUD = {"title", "aria-label", "placeholder", "alt", "aria-description", "aria-roledescription"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
#: Identifiers and programs have no language.
NO_LANGUAGE_TAGS = {"script", "style", "code", "textarea", "kbd", "pre"}


@dataclass(frozen=True)
class Text:
    """A text that a reader sees or hears: the element it stands in, and the language that holds there."""

    element: str
    language: str
    text: str


class Page(HTMLParser):
    """The texts and links of a page."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.stack: list[tuple[str, str, bool]] = [("", "", True)]
        self.texts: list[Text] = []
        self.links: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        language = given.get("lang", self.stack[-1][1])
        has_language = (
            self.stack[-1][2]
            and tag not in NO_LANGUAGE_TAGS
            and given.get("translate") != "no"
            and "mono" not in given.get("class", "").split()
        )
        for name, value in given.items():
            if name in READ_ALOUD:
                self.texts.append(Text(f"{tag}@{name}", language, value))
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag not in VOID:
            self.stack.append((tag, language, has_language))

    def handle_endtag(self, tag: str) -> None:
        while len(self.stack) > 1 and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tag, language, has_language = self.stack[-1]
        if data.strip() and has_language:
            self.texts.append(Text(tag, language, data.strip()))


def foreign(text: Text) -> bool:
    """Whether a text isn't in the language that its element says."""
    if text.language[:2] == "en":
        return bool(CHINESE.search(text.text))
    if text.language == "zh-Latn":
        return bool(CHINESE.search(text.text))
    if text.language[:2] == "zh":
        rest = SAME_IN_CHINESE.sub(" ", text.text)
        return bool(LATIN.search(rest))
    return True


def mixed(markup: str) -> list[Text]:
    # The title of a page can hold no mark; it begins with a name and ends with the site's.
    return [text for text in Page(markup).texts if text.element != "title" and foreign(text)]


@pytest.fixture(scope="module")
def web(store: EmbeddedStore) -> FlaskClient:
    return create_app(replace(Settings(), base="none"), store).test_client()


def read(web: FlaskClient, path: str, language: str) -> tuple[int, str]:
    base = urldefrag(path).url
    joined = base if "lang=" in base else f"{base}{'&' if '?' in base else '?'}lang={language}"
    answer = web.get(joined, headers={"Accept": "text/html"})
    return answer.status_code, answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""


#: Queries whose pages stand for the many that a reader may write.
QUERIES = [
    "SELECT ?s ?label { ?s a kg:Enterprise ; skos:prefLabel ?label } LIMIT 5",
    "PREFIX kg: <https://w3id.org/zone-kg/ontology#> SELECT * { ?s a kg:Fund ; ?p ?o } LIMIT 50",
    "ASK { ?s ?p ?o }",
    "SELECT * { ?s ?p ?o",
    "SELECT * { ?s ?p } ",
    "SELECT * { SERVICE <http://a.org/> { ?s ?p ?o } }",
    "SELECT ?s { ?s a <urn:nothing> }",
]
OTHERS = [
    "/search?q=海诺",
    "/search?q=hnkj",
    "/search?q=zzzz",
    "/search?q=",
    "/login",
    "/conformance",
    "/basket",
    "/explore",
]


NO_PAGE = re.compile(r"/(data|dump|assets|sparql|id|graphs)\b|.*/export/|[^/]|$")


def kind(path: str) -> str:
    """Return what a page is like: its route with the class of its entity, and the first of its parameters."""
    parts = urlsplit(path)
    route = "/".join(parts.path.split("/")[: 3 if parts.path.startswith("/entity/") else 2])
    return f"{route}?{min(parse_qs(parts.query), default='')}"


def crawl(web: FlaskClient, language: str, most: int = 4) -> Iterator[tuple[str, str]]:
    """Yield the path and markup of the pages that links lead to, at most so many of a kind; files are no pages."""
    queue = ["/", *OTHERS, *("/console?" + urlencode({"query": query}) for query in QUERIES)]
    found = Counter(map(kind, queue))
    seen = set(queue)
    while queue:
        path = queue.pop(0)
        status, markup = read(web, path, language)
        if not markup:
            continue
        yield f"{path} ({status})", markup
        for link in Page(markup).links:
            to = urlsplit(link)
            query = to.query.replace(f"lang={language}", "").strip("&")
            plain = to.path + (f"?{query}" if query else "")
            if to.netloc or plain in seen or "lang=" in query or NO_PAGE.match(to.path) or found[kind(plain)] >= most:
                continue
            seen.add(plain)
            found[kind(plain)] += 1
            queue.append(plain)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_page_is_in_one_language(web: FlaskClient, language: str) -> None:
    wrong: dict[str, str] = {}
    pages = 0
    for path, markup in crawl(web, language):
        pages += 1
        for text in mixed(markup):
            wrong.setdefault(f"<{text.element} lang={text.language}> {text.text[:120]}", path)
    assert pages > 100
    assert wrong == {}


class Gone:
    """A store whose data can't be opened."""

    version = "1"
    versioned = True

    def __getattr__(self, name: str) -> object:
        raise errors.StoreUnusable("var", "this user may not write there")


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize(
    ("status", "method", "path", "accept"),
    [
        (404, "GET", "/nowhere", "text/html"),
        (404, "GET", "/entity/enterprise/none", "text/html"),
        (404, "GET", "/zones/none", "text/html"),
        (404, "GET", "/chains/none", "text/html"),
        (404, "GET", "/documents/none", "text/html"),
        (404, "GET", "/name/none", "text/html"),
        (400, "GET", "/zones?as-of=yesterday", "text/html"),
        (400, "GET", "/explore?state=broken", "text/html"),
        (405, "DELETE", "/zones", "text/html"),
        (406, "GET", "/id/zone/datongjingkaiqu-128d2e33", "image/png, text/html;q=0"),
        (413, "POST", "/console", "text/html"),
        (414, "GET", "/search?q=" + "a" * 70_000, "text/html"),
        (401, "POST", "/login", "text/html"),
        (503, "GET", "/zones", "text/html"),
    ],
)
def test_an_error_page_is_in_one_language(
    web: FlaskClient, language: str, status: int, method: str, path: str, accept: str
) -> None:
    client = create_app(replace(Settings(), base="none"), Gone()).test_client() if status == 503 else web  # type: ignore[arg-type]
    answer = client.open(
        f"{path}{'&' if '?' in path else '?'}lang={language}",
        method=method,
        headers={"Accept": accept},
        data={"query": "a" * 9_000_000} if status == 413 else None,
    )
    assert answer.status_code == status
    if status == 406:
        # Who accepts no page gets none; what programs read is English, and says so.
        assert answer.headers["Content-Language"] == "en"
        return
    markup = answer.get_data(as_text=True)
    assert answer.mimetype == "text/html"
    assert mixed(markup) == []
    told = [text.text for text in Page(markup).texts if text.element == "p"]
    assert any(len(text) > 5 for text in told), told


@pytest.mark.parametrize(
    "markup",
    [
        '<html lang="zh-CN"><p>请求 was refused</p></html>',
        '<html lang="zh-CN"><p>Not found</p></html>',
        '<html lang="en"><p>The zone 大同</p></html>',
        '<html lang="en"><p title="段5">Fact</p></html>',
        '<html lang="zh-CN"><p><span lang="en">大同</span></p></html>',
        "<html><p>Fact</p></html>",
    ],
)
def test_a_mixed_page_is_noticed(markup: str) -> None:
    assert len(mixed(markup)) == 1


def test_a_page_that_says_its_languages_is_not_mixed() -> None:
    assert mixed('<html lang="en"><p>The zone <b lang="zh">大同</b>, 15 GW</p></html>') == []
    assert (
        mixed(
            '<html lang="zh-CN"><p>用SPARQL查询，见/search，15GW <b lang="en">Datong</b></p><code>ASK {}</code></html>'
        )
        == []
    )

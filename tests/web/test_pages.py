import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kg.config import Settings
from kg.services import explore, ingest, statistics
from kg.store.embedded import EmbeddedStore
from kg.store.protocol import Solution
from kg.web import i18n
from kg.web.app import create_app

BROWSER = {"Accept": "text/html"}
DATA = Path(__file__).parent.parent / "data"
#: A text of our own, with a tag in it: passages are text from strangers.
TEXT = (DATA / "pages.txt").read_text(encoding="utf-8")


def _span(phrase: str) -> tuple[int, int, int]:
    start = TEXT.index(phrase)
    return start, start + len(phrase), sum(1 for line in TEXT[: start + 1].split("\n") if line.strip())


PAGES = [
    "/",
    "/search",
    "/search?q=甲",
    "/search?q=%3Cscript%3E",
    "/search?q=甲&part=hits",
    "/search?q=%3Cscript%3E&part=hits",
    "/zones",
    "/zones/z-1",
    "/chains",
    "/chains/c-1",
    "/documents",
    "/documents/d-1",
    "/ontology.html",
    "/console",
    "/console?query=SELECT%20*%20WHERE%20%7B?s%20?p%20?o%7D",
    "/console?query=ASK%20%7B?s%20?p%20?o%7D",
    "/console?query=CONSTRUCT%20WHERE%20%7B?s%20?p%20?o%7D",
    "/console?query=SELECT%20*%20WHERE%20%7B%3Curn:x%3E%20?p%20?o%7D",
    "/entity/enterprise/e-1",
    "/entity/enterprise/e-2",
    "/entity/project/p-1",
    "/entity/obs/o-1",
    "/entity/claim/k-1",
    "/entity/ev/d-1",
    "/entity/ev/d-1?part=passage",
    "/entity/scheme/indicator/annual-capacity",
]


@pytest.fixture(scope="module")
def small() -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(None) as opened:
        opened.load_graph(None, (DATA / "pages.ttl").read_bytes(), "text/turtle", replace=True)
        yield opened


@pytest.fixture(scope="module")
def app(small: EmbeddedStore) -> Flask:
    made = create_app(replace(Settings(), base="none"), small)
    made.testing = True
    return made


def with_sources(store: EmbeddedStore, folder: Path) -> FlaskClient:
    return create_app(replace(Settings(), base="none", sources_dir=folder), store).test_client()


def page(client: FlaskClient, path: str, language: str = "zh") -> str:
    joined = f"{path}{'&' if '?' in path else '?'}lang={language}"
    answer = client.get(joined, headers=BROWSER)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.get_data(as_text=True)


class Texts(HTMLParser):
    """The texts of a page with the language that holds for each, and its links and ids."""

    VOID = frozenset({"meta", "link", "input", "br", "img"})

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.stack: list[tuple[str, str]] = [("", "")]
        self.texts: list[tuple[str, str, str]] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag == "a" and (found.get("href") or ""):
            self.links.append(found["href"] or "")
        if identity := found.get("id"):
            self.ids.append(identity)
        if tag not in self.VOID:
            self.stack.append((tag, found.get("lang") or self.stack[-1][1]))

    def handle_endtag(self, tag: str) -> None:
        while len(self.stack) > 1:
            if self.stack.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.stack[-1][0], self.stack[-1][1], data.strip()))


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_a_page_mixes_no_languages(client: FlaskClient, path: str, language: str) -> None:
    found = Texts(page(client, path, language))
    others = set(i18n.strings("en" if language == "zh" else "zh").values()) - set(i18n.strings(language).values())
    # Names keep their own language, and say which it is.
    free = {"title", "textarea", "code"}
    ours = [text for tag, lang, text in found.texts if lang[:2] == language and tag not in free]
    if "console" not in path:  # Its cells are whatever the graph holds.
        assert [text for text in ours if text in others] == []
    if language == "en":
        chinese = [
            text
            for tag, lang, text in found.texts
            if not lang.startswith("zh")
            and tag not in {"title", "textarea"}
            and re.search(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]", text)
        ]
        assert chinese == []


@pytest.mark.parametrize("path", PAGES)
def test_nothing_of_the_data_becomes_markup(client: FlaskClient, path: str) -> None:
    for language in i18n.LANGUAGES:
        markup = page(client, path, language)
        assert "<script>alert" not in markup
        assert "<img" not in markup
        assert "<b>二万" not in markup
        assert "{{" not in markup.replace("{{7*7}}", "")
        assert "&lt;script&gt;" in markup or "alert" not in markup


@pytest.mark.parametrize("path", PAGES)
def test_a_page_keeps_to_the_content_security_policy(client: FlaskClient, path: str) -> None:
    found = Texts(page(client, path))
    names = {name for _, name, _ in found.attributes}
    assert "style" not in names
    assert [name for name in names if name.startswith("on")] == []
    assert [v for t, n, v in found.attributes if n in {"src", "action"} and not (v or "").startswith("/")] == []
    outside = [v for t, n, v in found.attributes if t in {"link", "a"} and n == "href" and urlsplit(v or "").netloc]
    assert outside == []


@pytest.mark.parametrize("path", PAGES)
def test_an_id_stands_once(client: FlaskClient, path: str) -> None:
    ids = Texts(page(client, path)).ids
    assert sorted(ids) == sorted(set(ids))


#: How many addresses of one page, which differ in their parameters, are followed.
VARIANTS_MAX = 40


def test_every_link_leads_somewhere(client: FlaskClient) -> None:
    seen: set[str] = set()
    anchors: set[tuple[str, str]] = set()
    queue = ["/"]
    variants: dict[str, int] = defaultdict(int)
    ids: dict[str, list[str]] = {}
    while queue:
        address = queue.pop()
        path = address.partition("?")[0]
        # Filters that can be set one by one make more addresses of a page than anyone opens: some of them will do.
        if address in seen or variants[path] >= VARIANTS_MAX:
            continue
        seen.add(address)
        variants[path] += 1
        answer = client.get(address, headers=BROWSER, follow_redirects=True)
        assert answer.status_code == 200, address
        if answer.mimetype != "text/html":
            continue
        found = Texts(answer.get_data(as_text=True))
        ids[address] = found.ids
        for link in found.links:
            target, _, anchor = urljoin(address, link).partition("#")
            if anchor:
                anchors.add((target, anchor))
            if "lang=" not in target:
                queue.append(target)
    assert len(seen) > 25
    missing = [(t, a) for t, a in sorted(anchors) if t in ids and a not in ids[t] and not t.startswith("/ontology")]
    assert missing == []


@pytest.mark.parametrize(
    "path",
    [
        "/zones/none",
        "/chains/none",
        "/documents/none",
        "/entity/enterprise/none",
        "/entity/ev/none",
        "/entity/<script>alert(1)</script>",
        "/zones/%22%3E%3Cimg",
        "/entity/..%2f..%2fetc%2fpasswd",
        "/entity/enterprise/%00",
        "/assets/manifest.json",
        "/assets/..%2f..%2fpyproject.toml",
    ],
)
def test_what_there_is_not_is_404_and_says_so(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == 404
    assert "<script>alert" not in answer.get_data(as_text=True)
    assert "首页" in answer.get_data(as_text=True)
    assert client.get(path).mimetype == "application/problem+json"


def test_a_query_that_does_not_parse_says_where(client: FlaskClient) -> None:
    answer = client.post("/console", data={"query": "SELECT * WHERE {\n ?s ?p }"}, headers=BROWSER)
    assert answer.status_code == 400
    assert "第2行" in answer.get_data(as_text=True)


def test_a_long_result_says_that_it_is_cut(small: EmbeddedStore, client: FlaskClient) -> None:
    query = "SELECT ?a ?b WHERE { ?a ?p ?x . ?b ?q ?y }"
    markup = client.get("/console", query_string={"query": query}, headers=BROWSER).get_data(as_text=True)
    assert "只显示前500行" in markup


def test_passages_are_shown_where_the_text_is_held(small: EmbeddedStore, tmp_path: Path) -> None:
    (tmp_path / "d.txt").write_text(TEXT, encoding="utf-8")
    client = with_sources(small, tmp_path)
    markup = page(client, "/documents/d-1")
    assert 'id="ev-d-1"' in markup
    assert re.search(r"<mark><a [^>]*>年产&lt;b&gt;二万&lt;/b&gt;吨</a></mark>", markup)
    assert "<mark>年产&lt;b&gt;二万&lt;/b&gt;吨</mark>" in page(client, "/entity/ev/d-1?part=passage")


@pytest.mark.parametrize(("text", "sentence"), [(None, "没有这篇原文"), (TEXT + "改", "原文与图谱所依据的不同")])
def test_another_text_is_never_shown_as_evidence(
    small: EmbeddedStore, tmp_path: Path, text: str | None, sentence: str
) -> None:
    if text is not None:
        (tmp_path / "d.txt").write_text(text, encoding="utf-8")
    markup = page(with_sources(small, tmp_path), "/documents/d-1")
    assert sentence in markup
    assert "二万" not in markup
    assert 'id="ev-d-1"' in markup


def test_without_texts_the_position_and_the_hash_are_shown(client: FlaskClient) -> None:
    markup = page(client, "/entity/ev/d-1?part=passage")
    start, end, paragraph = _span("年产<b>二万</b>吨")
    assert f"第{paragraph}段，第{start}–{end}字" in markup
    assert "没有配置原文" in markup
    assert hashlib.sha256(TEXT[start:end].encode()).hexdigest()[:16] in markup


def test_a_fact_is_shown_with_everything_that_makes_it_one(client: FlaskClient) -> None:
    markup = page(client, "/entity/enterprise/e-1")
    row = markup[markup.index('id="obs-o-1"') :].split('<div class="f', 1)[0]
    for part in ("年产能", "约", "<b>2</b>", "万吨", "实际", "未载明", "段2", "存疑", "推断"):
        assert part in row
    english = page(client, "/entity/enterprise/e-1", "en")
    assert "20,000" in english
    assert "Annual capacity" in english


def test_what_is_planned_is_never_shown_as_done(client: FlaskClient) -> None:
    markup = page(client, "/entity/project/p-1")
    row = markup[markup.index('id="claim-k-1"') :].split("</section>", 1)[0]
    assert "规划" in row
    assert "实际" not in row
    assert "seal k-ent open" in row
    assert "2030" in row


def test_a_silent_stage_of_the_template_is_shown_as_not_reported(client: FlaskClient) -> None:
    markup = page(client, "/chains/c-1")
    assert markup.index("原料") < markup.index("制造")
    silent = markup[markup.index("<h3>原料") :].split("</li>", 1)[0]
    assert "未见报道" in silent
    assert "不等于没有" in silent


def test_a_chain_is_drawn_with_every_stage(client: FlaskClient) -> None:
    markup = page(client, "/chains/c-1")
    drawing = markup[markup.index('<svg class="dg chain"') :].split("</svg>")[0]
    table = markup[markup.index('id="chain-table"') :]
    rows = set(re.findall(r'<th scope="row">.*?</th>', table, re.DOTALL))
    # One box for each stage, which are written in bold or, if silent, without a seal.
    assert drawing.count('class="strong"') + drawing.count('class="bx none" x=') >= len(rows) > 1
    assert drawing.count("<a ") == drawing.count("</a>") == drawing.count("<title>")


def test_what_is_not_known_is_computed(client: FlaskClient) -> None:
    markup = page(client, "/entity/enterprise/e-1")
    missing = markup[markup.index('id="missing"') :].split("</section>", 1)[0]
    assert "统一社会信用代码" in missing
    assert "所在开发区" not in missing


def test_the_query_of_a_view_gives_the_facts_of_the_view(small: EmbeddedStore, client: FlaskClient) -> None:
    from html import unescape

    markup = page(client, "/entity/enterprise/e-1")
    query = unescape(re.findall(r'<pre class="code"[^>]*><code>(.*?)</code>', markup, re.DOTALL)[0])
    found = {str(row["fact"]).strip("<>").rpartition("/id/")[2].replace("/", "-") for row in small.select(query)}
    shown = set(re.findall(r'<div class="f[^"]*" id="([^"]+)"', markup))
    assert found == shown


def test_the_language_is_chosen_in_the_written_order(client: FlaskClient) -> None:
    def of(path: str, **headers: str) -> str:
        markup = client.get(path, headers={**BROWSER, **headers}).get_data(as_text=True)
        return re.findall(r'<html lang="([^"]+)"', markup)[0]

    assert of("/") == "zh-CN"
    assert of("/", **{"Accept-Language": "en-GB,zh;q=0.5"}) == "en"
    assert of("/", **{"Accept-Language": "fr"}) == "zh-CN"
    assert of("/?lang=en", **{"Accept-Language": "zh"}) == "en"
    # The choice was kept in a cookie, which is stronger than the header and weaker than the address.
    assert of("/", **{"Accept-Language": "zh"}) == "en"
    assert of("/?lang=zh") == "zh-CN"
    assert of("/?lang=xx") == "zh-CN"


def test_links_keep_the_language_of_the_address(client: FlaskClient) -> None:
    assert 'href="/zones?lang=en"' in page(client, "/", "en")
    assert 'href="/zones"' in client.get("/", headers=BROWSER).get_data(as_text=True)


class Counting:
    """A store that counts what it is asked."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store
        self.asked = 0

    def select(self, operation: str, bindings: Any = None) -> list[Solution]:
        self.asked += 1
        return self._store.select(operation, bindings)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.mark.parametrize(
    ("path", "most"),
    [("/", 20), ("/zones", 12), ("/chains", 5), ("/documents", 5), ("/zones/{zone}", 30), ("/documents/{document}", 8)],
)
def test_a_page_asks_a_few_queries_whatever_the_size(store: EmbeddedStore, path: str, most: int) -> None:
    counting = Counting(store)
    client = create_app(Settings(), counting).test_client()  # type: ignore[arg-type]
    for kind in ("zone", "document"):
        rows = store.select(
            f'SELECT ?s {{ ?s ?p ?o FILTER(STRSTARTS(STR(?s), "https://w3id.org/zone-kg/id/{kind}/datong")) }} LIMIT 1'
        )
        path = path.replace(f"{{{kind}}}", str(rows[0]["s"]).strip("<>").rpartition("/")[2])
    page(client, path)
    assert counting.asked <= most


def test_every_page_of_the_shipped_graph_opens(store: EmbeddedStore) -> None:
    client = create_app(Settings(), store).test_client()
    opened = 0
    for kind in ("zone", "chain", "document", "enterprise", "project", "platform", "fund", "university", "product"):
        below = f"https://w3id.org/zone-kg/id/{kind}/"
        for row in store.select(f'SELECT DISTINCT ?s {{ ?s a ?c FILTER(STRSTARTS(STR(?s), "{below}")) }} LIMIT 12'):
            slug = str(row["s"]).strip("<>").rpartition("/")[2]
            path = f"/{kind}s/{slug}" if kind in {"zone", "chain", "document"} else f"/entity/{kind}/{slug}"
            markup = page(client, path)
            assert "class." not in re.sub(r'(class|href)="[^"]*"', "", markup)
            opened += 1
    assert opened > 50


def test_an_empty_graph_says_what_to_do() -> None:
    with EmbeddedStore.open(None) as empty:
        client = create_app(replace(Settings(), base="none"), empty).test_client()
        for path in ("/", "/zones", "/chains", "/documents", "/ontology.html", "/search?q=x"):
            markup = page(client, path)
            assert 'class="unk empty"' in markup
        assert "kg load" in page(client, "/")


def test_the_version_on_the_pages_is_that_of_the_base_and_not_of_the_process(
    small: EmbeddedStore, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    boot = small.version.partition("-")[0][:12]
    paths = ("/", "/console?query=ASK%20%7B%7D")
    for path in paths:
        found = page(app.test_client(), path)
        assert boot not in found
        assert "图谱版本" not in found
    monkeypatch.setattr(ingest, "base_version", lambda _folder: "0123456789abcdef")
    for path in paths:
        assert "0123456789ab</span>" in page(app.test_client(), path)


def test_home_and_stats_count_the_same_entities(store: EmbeddedStore) -> None:
    summary = statistics.summarise(store)
    counted = explore.counts(store)
    assert counted.entities == sum(summary.entities.values())
    assert counted.facts == sum(sum(by_modality.values()) for by_modality in summary.facts.values())

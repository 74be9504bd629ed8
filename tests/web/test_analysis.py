"""The page of graph analysis: every view, its filters, its evidence, hostile input, and the arithmetic in words."""

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kg.config import Settings
from kg.model.vocabulary import ID
from kg.services import analytics, arithmetic, bottlenecks, bridges, links
from kg.services.explore import Names
from kg.store.embedded import EmbeddedStore
from kg.web import checking, i18n
from kg.web.app import create_app
from kg.web.pages import analysis
from kg.web.present import Presenter

DATA = Path(__file__).parent.parent / "data"
BROWSER = {"Accept": "text/html"}
ADDRESSES = [
    *(f"/analysis?view={view}" for view in analysis.VIEWS),
    "/analysis?view=similar&one=海诺科技",
    "/analysis?view=common&one=海诺科技&other=中国海油",
    "/analysis?view=common&one=经开区&other=没有这个",
    "/analysis?view=connected&kind=Enterprise&modality=planned",
    "/analysis?view=bridging&kind=<script>&zone=../..",
    "/analysis?view=checks&zone=none",
    "/analysis?view=similar&one=<script>alert(1)</script>",
    "/analysis?view=similar&one=" + "x" * 3000,
    "/analysis?view=<script>",
    "/analysis?view=cutoffs&as-of=2020-01-01",
]


def page(client: FlaskClient, address: str, language: str = "zh") -> str:
    answer = client.get(f"{address}{'&' if '?' in address else '?'}lang={language}", headers=BROWSER)
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


class Marks(HTMLParser):
    """The attributes of a page, and the languages and texts of what stands on it."""

    VOID = frozenset({"meta", "link", "input", "br", "img"})

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.texts: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self._stack: list[tuple[str, str]] = [("", "")]
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]
        found = dict(attrs)
        if found.get("id"):
            self.ids.append(found["id"] or "")
        if tag not in self.VOID:
            self._stack.append((tag, found.get("lang") or self._stack[-1][1]))

    def handle_endtag(self, tag: str) -> None:
        while len(self._stack) > 1 and self._stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and self._stack[-1][0] not in {"title", "textarea", "code"}:
            self.texts.append((self._stack[-1][1], data.strip()))


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_holds_to_policy_and_language(client: FlaskClient, address: str, language: str) -> None:
    markup = page(client, address, language)
    found = Marks(markup)
    assert "<script>alert" not in markup
    names = {name for _, name, _ in found.attributes}
    assert "style" not in names
    assert not [name for name in names if name.startswith("on")]
    assert sorted(found.ids) == sorted(set(found.ids))
    assert "analysis." not in re.sub(r'(href|src|action)="[^"]*"', "", markup)
    assert "Macro" not in markup
    if language == "en":
        chinese = [
            text for lang, text in found.texts if not lang.startswith("zh") and re.search("[\u4e00-\u9fff]", text)
        ]
        # What a reader typed is theirs.
        assert [text for text in chinese if "没有这个" not in text and "经开区" not in text] == []


def table(markup: str) -> list[list[str]]:
    body = markup[markup.index("<tbody>") : markup.index("</tbody>")]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in rows]
    return [[unescape(re.sub(r"<[^>]+>", " ", cell)).split() for cell in row] for row in cells]  # type: ignore[misc]


def test_the_rankings_are_those_of_the_service(client: FlaskClient, store: EmbeddedStore) -> None:
    ranked = analytics.ranking(store, max_rows=analysis.ROWS)
    names = Names().load(store, [row.entity for row in ranked.rows])
    shown = table(page(client, "/analysis?view=connected"))
    assert len(shown) == len(ranked.rows)
    for row, cells in zip(ranked.rows, shown, strict=True):
        assert names[row.entity].label("zh").text in " ".join(cells[1])
        assert cells[2][0] == str(int(row.value))
        assert f"{len(row.links)}条关系" in "".join(cells[5])


def test_every_row_gives_its_links_with_evidence_and_says_where_one_document_stands_alone(client: FlaskClient) -> None:
    markup = page(client, "/analysis?view=bridging")
    body = markup[markup.index("<tbody>") : markup.index("</tbody>")]
    rows = body.split("<tr>")[1:]
    assert rows
    for row in rows:
        assert '<details class="rests"' in row
        assert 'class="ev"' in row
        assert "只据一篇文献" in row or "篇文献" in row


def test_the_kind_and_the_zone_choose_rows(client: FlaskClient, store: EmbeddedStore) -> None:
    zone = next(z for z in links.read(store).zones if "gaoping" in z)
    members = links.read(store).zones[zone]
    markup = page(client, f"/analysis?view=connected&kind=Enterprise&zone={zone.rpartition('/')[2]}")
    found = re.findall(r'<th scope="row"><a class="ent" href="/entity/([^"?]+)', markup)
    assert found
    assert all(path.startswith("enterprise/") and f"{ID}{path}" in members for path in found)


def test_cut_offs_and_bottlenecks_name_who_is_cut_off(client: FlaskClient, store: EmbeddedStore) -> None:
    first = bridges.cut_offs(store, max_rows=1).rows[0]
    shown = table(page(client, "/analysis?view=cutoffs"))[0]
    assert shown[1][0] == str(len(first.entities))
    markup = page(client, "/analysis?view=bottlenecks")
    assert "海诺科技" in markup
    assert "唯一参与者" in markup
    assert len(table(markup)) == min(2 * analysis.ROWS, bottlenecks.of_chains(store).total)


def test_a_name_that_means_several_offers_them_and_choosing_one_names_it(client: FlaskClient) -> None:
    markup = page(client, "/analysis?view=similar&one=经开区")
    assert "可能指" in markup
    choice = unescape(re.findall(r'href="(/analysis\?[^"]*one=zone%2F[^"]*)"', markup)[0])
    assert "可能指" not in page(client, choice)


def test_a_name_that_nobody_has_says_what_to_do(client: FlaskClient) -> None:
    assert "在搜索里找它" in page(client, "/analysis?view=similar&one=没有这个")
    assert "先写实体的名称" in page(client, "/analysis?view=similar")


def test_common_neighbours_show_the_facts_of_both_sides(client: FlaskClient) -> None:
    markup = page(client, "/analysis?view=common&one=海诺科技&other=中国海油")
    assert "空心玻璃微珠" in markup
    rows = table(markup)
    assert len(rows) == 1
    text = " ".join(rows[0][1])
    assert "海诺科技" in text
    assert "中国海洋石油集团" in text


def test_the_query_gives_exactly_the_facts_of_the_page(client: FlaskClient, store: EmbeddedStore) -> None:
    markup = page(client, "/analysis?view=common&one=海诺科技&other=中国海油")
    query = unescape(re.findall(r'<pre class="code"[^>]*><code>(.*?)</code>', markup, re.DOTALL)[0])
    found = {row["fact"].value for row in store.select(query)}
    shown = {f"{ID}{path}" for path in re.findall(r'href="/entity/([^"?]+)[^"]*" data-fact', markup)}
    assert found
    assert found == shown


def test_a_selection_narrows_what_is_counted(client: FlaskClient) -> None:
    def counted(markup: str) -> int:
        return int(re.findall(r"实体之间的(\d+)条关系", markup)[0])

    every = counted(page(client, "/analysis"))
    assert 0 < counted(page(client, "/analysis?modality=actual")) < every
    assert 'name="modality" value="actual"' in page(client, "/analysis?modality=actual")


def test_a_day_that_is_none_is_refused_with_advice(client: FlaskClient) -> None:
    answer = client.get("/analysis?as-of=yesterday", headers=BROWSER)
    assert answer.status_code == 400
    assert "YYYY-MM-DD" in answer.get_data(as_text=True)


def test_the_checks_show_formula_verdict_and_why(client: FlaskClient, store: EmbeddedStore) -> None:
    zone = next(z for z in links.read(store).zones if "datong" in z)
    markup = page(client, f"/analysis?view=checks&zone={zone.rpartition('/')[2]}")
    rows = [" ".join(" ".join(cell) for cell in row) for row in table(markup)]
    assert len(rows) == len(arithmetic.checks(store, zone).checks)
    (growth,) = [row for row in rows if "增幅" in row and "168" in row]
    assert "相符" in growth
    assert "状态不同" in growth
    (expected,) = [row for row in rows if "预计达到" in row]
    assert "不是实际" in expected
    (short,) = [row for row in rows if "60.9" in row]
    assert "尚差" in short
    assert "口径未必相同" in short


def test_doubtful_figures_are_shown_as_such(client: FlaskClient, store: EmbeddedStore) -> None:
    zone = next(z for z in links.read(store).zones if "shenchi" in z)
    markup = page(client, f"/analysis?view=checks&zone={zone.rpartition('/')[2]}")
    rows = [[" ".join(cell) for cell in row] for row in table(markup)]
    for figure in ("67.5", "171", "1.2"):
        (row,) = [row for row in rows if row[3].startswith(figure)]
        assert "无法判断" in row[0]
        assert "不作推算" in row[2]
        assert "存疑" in row[2]


def test_a_computed_figure_has_two_decimals_and_a_real_minus(store: EmbeddedStore) -> None:
    zone = next(z for z in links.read(store).zones if "datong" in z)
    found = arithmetic.checks(store, zone)
    shown = checking.shown(found.checks, found.members, Presenter(found.names, "zh"))
    printed = {str(c.computed) for c in shown if c.computed}
    assert {"约134.76家", "−9.1%", "168%"} <= printed
    powers = [piece.sign for c in shown for piece in c.formula if piece.sign in {"^", "⁵"}]
    assert powers == ["⁵"]


@pytest.fixture
def hostile() -> Iterator[EmbeddedStore]:
    turtle = """
        @prefix kg: <https://w3id.org/zone-kg/ontology#> . @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
        @prefix skos: <http://www.w3.org/2004/02/skos/core#> . @base <https://w3id.org/zone-kg/> .
        <id/enterprise/a> a kg:Enterprise ; skos:prefLabel "<img src=x onerror=alert(1)>"@zh .
        <id/enterprise/b> a kg:Enterprise ; skos:prefLabel "</script>\\u202e"@zh .
        <id/claim/1> a kg:Claim ; rdf:subject <id/enterprise/a> ; rdf:predicate kg:connectedTo ;
            rdf:object <id/enterprise/b> ; kg:modality <scheme/modality/actual> ; kg:evidence <id/ev/1> .
        <id/ev/1> a kg:Evidence ; kg:source <id/document/d> ; kg:charStart 1 ; kg:charEnd 2 .
    """
    with EmbeddedStore.open(None) as opened:
        opened.load_graph(None, turtle.encode(), "text/turtle", replace=True)
        yield opened


def test_hostile_names_are_text(hostile: EmbeddedStore) -> None:
    client = create_app(replace(Settings(), base="none"), hostile).test_client()
    for view in analysis.VIEWS:
        markup = page(client, f"/analysis?view={view}&one=enterprise/a&other=enterprise/b")
        assert "<img" not in markup
        assert "</script>\u202e" not in markup


def test_an_empty_graph_says_so(tmp_path: Path) -> None:
    with EmbeddedStore.open(None) as empty:
        client = create_app(replace(Settings(), base="none"), empty).test_client()
        for view in analysis.VIEWS:
            assert 'class="unk empty"' in page(client, f"/analysis?view={view}")


def saved(client: FlaskClient, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer.status_code == 200, address
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(answer.get_data(as_text=True).splitlines()))


def test_a_view_is_saved_with_every_row(client: FlaskClient, store: EmbeddedStore) -> None:
    measured = analytics.measures(store)
    rows = saved(client, "/analysis/export/csv?view=connected&lang=en")
    assert {row["IRI"] for row in rows} == set(measured)
    for row in rows:
        m = measured[row["IRI"]]
        assert int(row["Connections"]) == m.degree
        assert float(row["Bridging"]) == pytest.approx(m.betweenness, abs=1e-4)
        assert (row["Cuts others off"] == "yes") == m.articulation


@pytest.mark.parametrize("view", analysis.VIEWS)
@pytest.mark.parametrize("name", analysis.EXPORTS)
def test_every_view_is_saved_as_every_kind(client: FlaskClient, view: str, name: str) -> None:
    answer = client.get(f"/analysis/export/{name}?view={view}&one=海诺科技&other=中国海油")
    assert answer.status_code == 200
    assert f'filename="analysis-{view}.{"xlsx" if name == "xlsx" else "csv"}"' in answer.headers["Content-Disposition"]
    assert answer.get_data().startswith({"csv": "", "csv-excel": "\ufeff", "xlsx": "PK"}[name].encode())


def test_the_export_keeps_the_filters_of_the_page(client: FlaskClient) -> None:
    markup = page(client, "/analysis?view=connected&kind=Fund&modality=actual")
    address = unescape(re.findall(r'href="(/analysis/export/csv\?[^"]+)"', markup)[0])
    rows = saved(client, address.replace("lang=zh", "lang=en"))
    assert rows
    assert {row["Class"] for row in rows} == {"Fund"}


def test_checks_are_saved_with_formula_and_modality(client: FlaskClient, store: EmbeddedStore) -> None:
    zone = next(z for z in links.read(store).zones if "datong" in z).rpartition("/")[2]
    rows = saved(client, f"/analysis/export/csv?view=checks&zone={zone}&lang=zh")
    (growth,) = [row for row in rows if row["核对"] == "增幅"]
    assert growth["算式"] == "( 67家(预计) − 25家(实际) ) ÷ 25家(实际)"
    assert (growth["推算"], growth["文献所载"], growth["结论"]) == ("168%", "≥168%(预计)", "相符")


def test_an_export_that_is_none_is_not_found(client: FlaskClient) -> None:
    assert client.get("/analysis/export/exe").status_code == 404


def test_a_formula_in_a_name_stays_text_in_a_spreadsheet(hostile: EmbeddedStore) -> None:
    hostile.update(
        "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
        "DELETE { ?s skos:prefLabel ?l } INSERT { ?s skos:prefLabel '=cmd()'@zh } WHERE { ?s skos:prefLabel ?l }"
    )
    client = create_app(replace(Settings(), base="none"), hostile).test_client()
    text = client.get("/analysis/export/csv-excel?view=connected").get_data(as_text=True)
    assert "'=cmd()" in text

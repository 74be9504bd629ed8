"""The pages of chains: every view and everything that is saved has the page's own choice, and no label is markup."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urlencode

import networkx as nx
import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, parse

from kg.services import chains, lineup
from kg.store.embedded import EmbeddedStore
from kg.web import assets
from kg.web.pages import chains as pages
from kg.web.pages.downloads import svg_style
from services.chain_graphs import claim, load, made, two_zones

BROWSER = {"Accept": "text/html", "Accept-Language": "zh"}
ID = "https://w3id.org/zone-kg/id/"
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "<a href='javascript:alert(1)'>href</a>",
    "\u202edlrow\u2066",
    "=HYPERLINK(1)",
    "{{ 7*7 }}",
    "长" * 10_000,
)
needs_build = pytest.mark.skipif(assets.folder() is None, reason="web/dist isn't built: npm run build in web/")


@pytest.fixture
def empty() -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(None) as opened:
        yield opened


@pytest.fixture
def both(empty: EmbeddedStore, make_app: Callable[..., Flask]) -> FlaskClient:
    two_zones(empty)
    return make_app(empty).test_client()


@pytest.fixture
def hostile(empty: EmbeddedStore, make_app: Callable[..., Flask]) -> FlaskClient:
    made(empty, 16, labels=HOSTILE)
    return make_app(empty).test_client()


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == 200, (path, answer.get_data(as_text=True)[:500])
    return answer.get_data(as_text=True)


def drawn(markup: str) -> set[str]:
    """The entities of the drawing's boxes."""
    return {unescape(iri).removeprefix(ID) for iri in re.findall(r'data-box="([^"]+)"', markup)}


def shown_query(markup: str) -> str:
    return unescape(re.findall(r'<pre class="code"[^>]*><code>(.*?)</code>', markup, re.DOTALL)[-1])


STAGES = {"stage/1", "segment/melt", "segment/form", "segment/use"}


def test_a_page_filters_by_zone_modality_and_kind(both: FlaskClient) -> None:
    assert drawn(page(both, "/chains/c")) > STAGES
    assert drawn(page(both, "/chains/c?zone=east")) == STAGES | {"enterprise/e", "project/p"}
    assert drawn(page(both, "/chains/c?modality=planned")) == STAGES | {"enterprise/e", "project/p"}
    assert drawn(page(both, "/chains/c?kind=platform&kind=academia")) == STAGES | {"platform/f", "university/u"}
    assert drawn(page(both, "/chains/c?zone=unknown&kind=main")) == STAGES | {"product/g"}
    assert drawn(page(both, "/chains/c?zone=nowhere")) == STAGES


def test_a_box_says_modality_size_and_zone_and_marks_the_leader(both: FlaskClient) -> None:
    titles = {unescape(t) for t in re.findall(r"<title>([^<]+)</title><g", page(both, "/chains/c"))}
    assert "东玻 · 链主 · 实际 · 东区" in titles
    assert "二期项目 · 规划 · 投资 6.9亿元 · 东区" in titles
    assert "原料 · 未见报道" in titles
    english = {unescape(t) for t in re.findall(r"<title>([^<]+)</title><g", page(both, "/chains/c?lang=en"))}
    assert "二期项目 · planned · Investment CNY 690 m · East" in english


def test_a_chain_without_a_leader_says_so(both: FlaskClient, empty: EmbeddedStore) -> None:
    assert "链主未见报道" not in page(both, "/chains/c")
    made(empty, 3)
    assert "链主未见报道" in page(both, "/chains/c")


def test_silence_is_told_from_what_the_choice_leaves_out(both: FlaskClient) -> None:
    whole = page(both, "/chains/c")
    assert "所选条件下没有" not in whole
    chosen = page(both, "/chains/c?zone=east")
    assert "所选条件下没有" in chosen
    assert "未见报道：文献没有提到" in chosen, "nobody speaks of funds, whatever is chosen"


def test_a_legend_entry_toggles_its_choice_and_keeps_the_others(both: FlaskClient) -> None:
    markup = page(both, "/chains/c?zone=east&view=interactive")
    links = [unescape(a) for a in re.findall(r'<li><a href="([^"]+)"', markup)]
    assert "/chains/c?zone=east&kind=project&view=interactive" in links
    again = page(both, "/chains/c?zone=east&kind=project&view=interactive")
    links = [unescape(a) for a in re.findall(r'<li><a href="([^"]+)" aria-current="true"', again)]
    assert links == ["/chains/c?zone=east&view=interactive"], "a second click takes it back"


def test_each_view_shows_the_same_boxes(both: FlaskClient) -> None:
    for choice in ("", "zone=east", "modality=actual"):
        boxes = drawn(page(both, f"/chains/c?{choice}"))
        markup = page(both, f"/chains/c?{choice}&view=interactive")
        data = json.loads(unescape(re.findall(r'id="canvas-data">(.*?)</script>', markup, re.DOTALL)[0]))
        assert {n["kg"]["more"]["entity"].removeprefix(ID) for n in data["nodes"]} == boxes
        table = page(both, f"/chains/c?{choice}&view=table")
        assert '<svg class="dg chain"' not in table
        body = table[table.index("<tbody>") : table.index("</tbody>")]
        named = {unescape(a) for a in re.findall(r'href="/entity/([^"]+)"', body)} - {a for a in boxes if "ev/" in a}
        assert {b for b in boxes if b.partition("/")[0] not in {"segment", "stage"}} <= named


def test_the_interactive_view_has_the_places_of_the_drawing(both: FlaskClient) -> None:
    svg = page(both, "/chains/c")
    rects = {
        (int(x) + int(w) // 2, int(y) + int(h) // 2)
        for x, y, w, h in re.findall(r'<rect class="bx [^"]*" x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"', svg)
    }
    markup = page(both, "/chains/c?view=interactive")
    data = json.loads(unescape(re.findall(r'id="canvas-data">(.*?)</script>', markup, re.DOTALL)[0]))
    assert {(n["x"], n["y"]) for n in data["nodes"]} <= rects


@pytest.mark.parametrize("path", ["view=x", "kind=x", "modality=x", "as-of=x", "certainty=x"])
def test_what_does_not_exist_is_refused_with_advice(both: FlaskClient, path: str) -> None:
    assert both.get(f"/chains/c?{path}", headers=BROWSER).status_code == 400


@pytest.mark.parametrize("path", ["none", "none/export/svg", "c/export/exe", "c/drawer?entity=x/none", "c/drawer"])
def test_what_there_is_not_is_404(both: FlaskClient, path: str) -> None:
    assert both.get(f"/chains/{path}", headers=BROWSER).status_code == 404


@needs_build
@pytest.mark.parametrize("name", [name for name in pages.EXPORTS if name != "png"])
def test_every_export_is_sent_as_a_file(both: FlaskClient, name: str) -> None:
    answer = both.get(f"/chains/c/export/{name}")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="c.')
    assert int(answer.headers["Content-Length"]) == len(answer.data) > 0


def exported(client: FlaskClient, name: str, choice: str) -> bytes:
    return client.get(f"/chains/c/export/{name}?{choice}").data


@needs_build
@pytest.mark.parametrize("choice", ["", "zone=east", "modality=planned", "kind=main&zone=unknown", "zone=nowhere"])
def test_every_export_has_the_choice_of_the_page(both: FlaskClient, choice: str) -> None:
    boxes = drawn(page(both, f"/chains/c?{choice}"))
    who = {b for b in boxes if b.partition("/")[0] not in {"segment", "stage"}}
    rows = list(csv.reader(io.StringIO(exported(both, "csv", choice).decode())))
    assert {r[-1].removeprefix(ID) for r in rows[1:]} - STAGES == who
    sheet = openpyxl.load_workbook(io.BytesIO(exported(both, "xlsx", choice))).worksheets[0]
    assert {str(r[-1]).removeprefix(ID) for r in sheet.iter_rows(min_row=2, values_only=True)} - STAGES == who
    graph = nx.read_graphml(io.BytesIO(exported(both, "graphml", choice)))
    assert {d["entity"].removeprefix(ID) for _, d in graph.nodes(data=True)} == boxes
    svg = exported(both, "svg", choice).decode()
    assert svg.count('<rect class="bx') >= len(boxes)
    html = exported(both, "html", choice).decode()
    data = json.loads(re.findall(r'id="canvas-data">(.*?)</script>', html, re.DOTALL)[0])
    assert {n["kg"]["more"]["entity"].removeprefix(ID) for n in data["nodes"]} == boxes
    triples = list(parse(exported(both, "ttl", choice), format=RdfFormat.TURTLE))
    objects = {t.object.value.removeprefix(ID) for t in triples if t.predicate.value.endswith(("#object", "#subject"))}
    assert objects - STAGES == who
    evidence = {t.object.value for t in triples if t.predicate.value.endswith("#evidence")}
    assert evidence <= {t.subject.value for t in triples}, "each fact brings its passages"
    assert bool(evidence) == bool(who)


@needs_build
def test_a_picture_carries_legend_date_and_version_and_light_colours(both: FlaskClient) -> None:
    svg = exported(both, "svg", "zone=east").decode()
    assert svg.startswith("<?xml")
    for words in ("玻璃链", "数据截至", "图谱版本", "东区", "企业", "未见报道，不等于没有", "主线"):
        assert words in svg, words
    assert "var(" not in svg, "programs beside browsers know no variables"
    assert "#1b62db" in svg
    assert "#5fa4f2" not in svg, "the dark colour of enterprises"
    assert "href=" not in svg
    list(HTMLParser().feed(svg) or [])
    assert "var(" not in svg_style()


@needs_build
def test_a_table_for_a_spreadsheet_starts_with_its_mark(both: FlaskClient) -> None:
    assert exported(both, "csv-excel", "").startswith("\ufeff".encode())
    assert not exported(both, "csv", "").startswith("\ufeff".encode())


class Elements(HTMLParser):
    """The names of the elements and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.scripts = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.scripts += tag == "script"
        self.attributes |= {name for name, _ in attrs}


VIEWS = ("/chains", "/chains/c", "/chains/c?view=interactive", "/chains/c?view=table", "/chains/compare?chain=c")


@pytest.mark.parametrize("path", VIEWS)
def test_no_label_is_markup_on_any_view(hostile: FlaskClient, path: str) -> None:
    markup = page(hostile, path)
    read = Elements(markup)
    assert "img" not in read.names
    assert not {name for name in read.attributes if name.startswith("on")}
    assert "alert(1)</script>" not in markup
    assert "49" not in re.findall(r"<title>(.*?)</title>", markup)[0]
    assert not re.findall(r'href="javascript', markup)


def test_no_label_is_markup_in_the_drawer(hostile: FlaskClient) -> None:
    boxes = re.findall(r'data-drawer="([^"]+)"', page(hostile, "/chains/c"))
    assert boxes
    for address in {unescape(b) for b in boxes}:
        read = Elements(page(hostile, address))
        assert "img" not in read.names
        assert "html" not in read.names, "a fragment"
        assert not {name for name in read.attributes if name.startswith("on")}


@needs_build
def test_no_label_is_markup_in_what_is_saved(hostile: FlaskClient) -> None:
    for name in ("svg", "html"):
        read = Elements(exported(hostile, name, "").decode())
        assert "img" not in read.names
        assert not {n for n in read.attributes if n.startswith("on")}
    assert read.scripts == 3, "the data, vis-network, and ours"
    nx.read_graphml(io.BytesIO(exported(hostile, "graphml", "")))
    list(parse(exported(hostile, "ttl", ""), format=RdfFormat.TURTLE))
    cells = [
        cell
        for row in csv.reader(io.StringIO(exported(hostile, "csv-excel", "").decode("utf-8-sig")))
        for cell in row
        if cell.startswith(("=", "+", "@"))
    ]
    assert cells == []
    sheet = openpyxl.load_workbook(io.BytesIO(exported(hostile, "xlsx", ""))).worksheets[0]
    assert {c.data_type for row in sheet.iter_rows() for c in row if c.value is not None} <= {"s", "n"}


def test_a_long_label_is_cut_in_its_box_and_whole_beside_it(hostile: FlaskClient) -> None:
    markup = page(hostile, "/chains/c")
    boxes = re.findall(r"<text[^>]*>(长+…)</text>", markup)
    assert boxes
    assert all(len(b) < 20 for b in boxes)
    assert "长" * 10_000 in markup


def test_two_zones_stand_side_by_side_on_one_scale(both: FlaskClient) -> None:
    markup = page(both, "/chains/compare?chain=c&left=east&right=west")
    rows = re.findall(r'<th scope="row">.*?</tr>', markup, re.DOTALL)
    assert len(rows) == 4
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in rows]
    found = [[sorted(re.findall(r'href="/entity/([^"]+)"', cell)) for cell in row] for row in cells]
    assert found == [
        [[]],  # silent, over all columns
        [["enterprise/e"], [], ["product/g", "university/u"]],
        [["enterprise/e", "project/p"], ["enterprise/w"], ["product/g"]],
        [[], ["platform/f"], []],
    ]
    assert "未见报道" in cells[1][1]


def test_a_comparison_without_zones_takes_the_chains_own(both: FlaskClient) -> None:
    markup = page(both, "/chains/compare?chain=c")
    chosen = re.findall(r'<option value="(\w+)" selected>', markup)
    assert chosen[0] == "c"
    assert set(chosen[1:]) == {"east", "west"}
    assert both.get("/chains/compare?chain=c&left=x", headers=BROWSER).status_code == 404


def test_the_list_shows_the_chains_of_a_zone(both: FlaskClient, empty: EmbeddedStore) -> None:
    assert 'href="/chains/c"' in page(both, "/chains?zone=east")
    assert 'href="/chains/c"' not in page(both, "/chains?zone=other")
    load(empty, "<id/zone/z> a kg:DevelopmentZone .", claim("1", "zone/z", "hasChain", "chain/x"))
    assert page(both, "/chains")


def test_the_drawer_has_the_facts_of_the_choice_and_counts_the_rest(both: FlaskClient) -> None:
    whole = page(both, "/chains/c/drawer?entity=enterprise/e&stage=segment/melt")
    assert "在“玻璃熔制”上" in whole
    assert "链主" in whole
    planned = page(both, "/chains/c/drawer?entity=enterprise/e&stage=segment/melt&modality=planned")
    assert "不在所选条件内" in planned
    fact = page(both, "/chains/c/drawer?fact=claim/t7")
    assert "东玻" in fact
    silent = page(both, "/chains/c/drawer?entity=stage/1&stage=stage/1")
    assert "不等于没有" in silent


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_the_query_on_the_page_gives_exactly_its_boxes(store: EmbeddedStore, app: Flask, data: st.DataObject) -> None:
    client = app.test_client()
    slug = data.draw(st.sampled_from([c.slug for c in chains.listed(store).chains]))
    everyone = lineup.lineup(store, slug)
    choice = [
        *(("zone", v) for v in data.draw(st.sets(st.sampled_from([f.value for f in everyone.zones])))),
        *(("modality", v) for v in data.draw(st.sets(st.sampled_from([f.value for f in everyone.modalities])))),
        *(("kind", v) for v in data.draw(st.sets(st.sampled_from(lineup.LANES)))),
        *(("certainty", v) for v in data.draw(st.sets(st.sampled_from(["stated", "inferred", "conjecture"])))),
    ]
    language = data.draw(st.sampled_from(["zh", "en"]))
    markup = page(client, f"/chains/{slug}?{urlencode([*choice, ('lang', language)])}")
    found = store.select(shown_query(markup))
    assert {str(r["entity"])[1:-1].removeprefix(ID) for r in found} == drawn(markup)

"""The pages of zones: charts with their tables, targets, funds, comparison, filters; whole without script."""

import gzip
import json
import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from kg.services import explore
from kg.store.embedded import EmbeddedStore
from kg.web import assets, plot

BROWSER = {"Accept": "text/html"}
DATONG, GAOPING = "datongjingkaiqu-128d2e33", "gaopingjingkaiqu-71d87f39"
SHANGDANG, SHENCHI = "shangdangjingkaiqu-7c6d580c", "shenchishifanqu-dbef05ae"
ALL = (DATONG, GAOPING, SHANGDANG, SHENCHI)
#: What a page may weigh with its style and its own scripts, the chart library aside.
PAGE_MAX_BYTES = 150_000


def get(client: FlaskClient, address: str) -> str:
    answer = client.get(address, headers=BROWSER)
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


def charts(markup: str) -> list[dict[str, object]]:
    return [json.loads(unescape(data)) for data in re.findall(r'data-chart="([^"]*)"', markup)]


def text(markup: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", markup)))


def test_every_figure_of_a_chart_stands_in_the_table_beside(client: FlaskClient) -> None:
    markup = get(client, f"/zones/{DATONG}")
    line = next(c for c in charts(markup) if c["kind"] == "series")
    points = line["points"]
    assert isinstance(points, list)
    assert [(p["number"], p["word"], p["day"][:4]) for p in points] == [
        ("25", "实际", "2020"),
        ("58", "实际", "2024"),
        ("67", "预计", "2025"),
        ("67", "目标", "2025"),
        ("77", "目标", "2026"),
        ("135", "目标", "2030"),
    ]
    assert [p["number"] for p in points if p["base"]] == ["25", "58", "67"]
    table = re.search(r'<table class="t twin">.*?</table>', markup, re.DOTALL)
    assert table
    rows = [text(row) for row in re.findall(r"<tr>.*?</tr>", table[0], re.DOTALL)]
    assert rows[1].split() == ["数值", "25", "家", "58", "家", "67", "家", "67", "家", "77", "家", "135", "家"]
    assert [w for w in rows[2].split() if w != "状态"] == [
        "实际",
        "基数",
        "实际",
        "基数",
        "预计",
        "基数",
        "目标",
        "目标",
        "目标",
    ]
    label = re.search(r'class="plot line" role="img" aria-label="([^"]*)"', markup)
    assert label
    for point in points:
        assert f"{point['word']} {point['number']}家" in label[1]


def test_a_chart_is_described_in_the_language_of_the_page(client: FlaskClient) -> None:
    markup = get(client, f"/zones/{DATONG}?lang=en")
    for label in re.findall(r'role="img" aria-label="([^"]*)" data-chart', markup):
        assert not re.search(r"[\u4e00-\u9fff]", label)
    assert "2024 actual 58 enterprises (baseline)" in markup


def test_targets_stand_beside_their_results_with_gap_and_both_wordings(client: FlaskClient) -> None:
    markup = get(client, f"/zones/{DATONG}").partition('id="targets"')[2].partition("</section>")[0]
    cards = [text(card) for card in re.findall(r'<article class="panel gap">.*?</article>', markup, re.DOTALL)]
    for wanted in (
        ("66 个", "目标 70 个", "差 4 个", "占目标的94.3%", "已入驻项目", "年度引入项目", "两边措辞不同"),
        ("60.9 %", "目标 70 %", "差 9.1 个百分点", "占目标的87%", "厂房使用率", "厂房动态使用率", "两边措辞不同"),
    ):
        assert any(all(part in card for part in wanted) for card in cards), wanted


def test_stages_carry_the_caveat_and_say_what_is_silent(client: FlaskClient) -> None:
    markup = get(client, f"/zones/{SHANGDANG}")
    ladder = text(markup.partition('id="ladder"')[2].partition("</section>")[0])
    assert "不能相加" in ladder
    assert "未见报道 在谈、立项、试生产" in ladder
    drawn = {b["name"]: b["text"] for c in charts(markup) if c["kind"] == "bars" for b in c["bars"]}  # type: ignore[attr-defined]
    assert drawn["储备"] == "≥400亿元  规划"
    assert "94.95亿元  实际" in drawn.values()


def test_nothing_planned_is_drawn_as_done(client: FlaskClient) -> None:
    for zone in ALL:
        for chart in charts(get(client, f"/zones/{zone}")):
            bars = chart.get("bars", [])
            assert isinstance(bars, list)
            for bar in bars:
                assert bar["modality"] == "none" or plot_word(bar["modality"]) in bar["text"]
                assert (bar["value"] is None) is (bar["modality"] == "none")


def plot_word(modality: str) -> str:
    from kg.web.i18n import translate

    return translate("zh", f"modality.{modality}")


@pytest.mark.parametrize("zone", ALL)
def test_every_section_of_the_contents_is_there(client: FlaskClient, zone: str) -> None:
    markup = get(client, f"/zones/{zone}")
    contents = markup.partition('<nav class="toc"')[2].partition("</nav>")[0]
    anchors = re.findall(r'href="#([^"]+)"', contents)
    assert len(anchors) > 5
    ids = re.findall(r' id="([^"]+)"', markup)
    assert set(anchors) <= set(ids)
    assert len(ids) == len(set(ids))


def test_charts_load_only_where_something_is_drawn(client: FlaskClient) -> None:
    script = assets.address("pages/charts.js")
    if script is None:
        pytest.skip("web/dist isn't built")
    with_chart, without = get(client, f"/zones/{DATONG}"), get(client, f"/zones/{GAOPING}")
    assert script in with_chart
    assert script not in without
    assert "data-chart" not in without
    for address in ("/", "/zones", "/chains", "/documents", f"/zones/compare?zones={DATONG}&zones={SHANGDANG}"):
        assert script not in get(client, address)


@pytest.mark.parametrize("zone", ALL)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_weighs_little_beside_the_chart_library(client: FlaskClient, zone: str, language: str) -> None:
    if assets.folder() is None:
        pytest.skip("web/dist isn't built")
    markup = get(client, f"/zones/{zone}?lang={language}")
    library = assets.address("pages/charts.js")
    wanted = {a for a in re.findall(r'(?:src|href)="(/assets/[^"]+)"', markup) if a != library}
    weight = len(gzip.compress(markup.encode(), 6))
    for address in wanted:
        weight += len(gzip.compress(client.get(address).data, 6))
    assert weight < PAGE_MAX_BYTES


# --- filters ----------------------------------------------------------------------------------------------------------


def test_a_filter_acts_on_every_section(client: FlaskClient) -> None:
    markup = get(client, f"/zones/{SHANGDANG}?modality=planned&modality=intended")
    shown = markup.partition('<div class="lay">')[2].partition("<aside")[0]
    assert set(re.findall(r'class="mod (\w+)"', shown)) <= {"planned", "intended", "doubt", "none"}
    assert 'id="series"' in shown


def test_as_of_leaves_out_what_came_later_and_keeps_targets(client: FlaskClient) -> None:
    line = next(c for c in charts(get(client, f"/zones/{DATONG}?as-of=2023-12-31")) if c["kind"] == "series")
    points = line["points"]
    assert isinstance(points, list)
    assert [(p["number"], p["modality"]) for p in points] == [
        ("25", "actual"),
        ("67", "expected"),
        ("67", "target"),
        ("77", "target"),
        ("135", "target"),
    ]


def test_the_list_of_zones_is_filtered_too(client: FlaskClient) -> None:
    cards = get(client, "/zones?modality=target").partition('<div class="zs panel">')[2]
    assert set(re.findall(r'class="mod (\w+)"', cards)) <= {"target", "none", "doubt"}
    assert client.get("/zones?modality=nonsense").status_code == 400


# --- side by side -----------------------------------------------------------------------------------------------------


def test_the_comparison_says_definition_scope_and_what_is_not_shared(client: FlaskClient) -> None:
    markup = get(client, f"/zones/compare?zones={GAOPING}&zones={SHANGDANG}&zones={SHENCHI}")
    table = text(re.search(r'<table class="t cmp">.*?</table>', markup, re.DOTALL)[0])  # type: ignore[index]
    assert "所述企业吸纳就业的总人数" in table
    assert "口径不同，不能直接比。" in table
    assert "未见报道" in table
    assert "神池县" in table
    assert charts(markup) == [], "nothing here may share a chart"
    alone = text(markup.partition('id="alone"')[2])
    assert "签约项目数" in alone


def test_one_address_lists_zones_with_commas_or_one_by_one(client: FlaskClient) -> None:
    one = get(client, f"/zones/compare?zones={GAOPING},{SHANGDANG}")
    other = get(client, f"/zones/compare?zones={GAOPING}&zones={SHANGDANG}")
    heads = [re.findall(r'<th scope="col"><a class="ent" href="([^"]+)"', markup) for markup in (one, other)]
    assert heads[0] == heads[1] == [f"/zones/{GAOPING}", f"/zones/{SHANGDANG}"]


@pytest.mark.parametrize("query", ["", f"?zones={DATONG}"])
def test_fewer_than_two_asks_for_more(client: FlaskClient, query: str) -> None:
    markup = get(client, f"/zones/compare{query}")
    assert "先选两个开发区" in markup
    assert markup.count('name="zones"') >= 4


def test_what_cannot_be_compared_is_refused(client: FlaskClient) -> None:
    assert client.get("/zones/compare?zones=none,nobody").status_code == 404
    assert client.get("/zones/compare?zones=a,b,c,d,e").status_code == 400
    assert client.get("/zones/compare?zones=%3Cscript%3E,b").status_code == 404


def test_a_bar_never_shows_more_than_its_room() -> None:
    from decimal import Decimal

    assert plot.bullet(None, None, actual=True) is None
    assert plot.bullet(Decimal("0.943"), None, actual=True) == plot.Bullet(94.3, 0.0, 100.0)
    assert plot.bullet(Decimal("0.5"), Decimal("0.75"), actual=True) == plot.Bullet(50.0, 25.0, 100.0)
    assert plot.bullet(Decimal("1.25"), None, actual=True) == plot.Bullet(100.0, 0.0, 80.0)
    assert plot.bullet(Decimal("0.5"), None, actual=False) == plot.Bullet(0.0, 50.0, 100.0)
    assert plot.parts([Decimal(4), Decimal(1), Decimal(0)]) == [100.0, 25.0, 0.0]


def test_the_query_of_a_comparison_gives_its_figures(client: FlaskClient, store: EmbeddedStore) -> None:
    markup = get(client, f"/zones/compare?zones={GAOPING},{SHANGDANG}&modality=actual&certainty=stated")
    query = unescape(re.findall(r'name="query" value="([^"]*)"', markup)[0])
    given = {explore.iri_in(row, "fact").partition("/id/")[2] for row in store.select(query)}
    assert given == set(re.findall(r'data-basket="([^"]+)"', markup))
    assert given


def test_the_query_of_a_zone_gives_what_is_in_it(client: FlaskClient, store: EmbeddedStore) -> None:
    markup = get(client, f"/zones/{SHANGDANG}")
    query = unescape(re.findall(r'id="sparql-zone".*?name="query" value="([^"]*)"', markup, re.DOTALL)[0])
    given = {explore.iri_in(row, "thing") for row in store.select(query)}
    inside = markup.partition('id="inside"')[2].partition("</section>")[0]
    assert len(re.findall(r'<a class="ent"', inside)) == len(given)

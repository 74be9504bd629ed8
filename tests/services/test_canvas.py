"""The model of interactive drawings: quick, no line lost, and a single file that lets nothing through as markup."""

import base64
import hashlib
import json
import re
import time
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyvis.network import Network

from kg.services.canvas import NOTES_MAX, Band, Canvas, Edge, Entry, Node, Words

WORDS = Words("zh-CN", "数据截至 2025-12-31", "图谱版本 1", "方向键", "方框", "链图")
SCRIPTS = ["var vis = {};\r\n//# sourceMappingURL=vis.map", "document.title;"]
STYLE = "p { color: red }"
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    '<a href="javascript:alert(1)">',
    "{{ 7*7 }}{% raw %}",
    "<!--<script>",
    "\u202eabc\u2066",
    "'\"&`\u2028\u2029",
    "长" * 10_000,
)


class Reading(HTMLParser):
    """What a parser makes of a file: its elements with their attributes, and the text inside each."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append((self.elements[-1][0] if self.elements else "", data))

    def inside(self, tag: str) -> list[str]:
        return [text for element, text in self.texts if element == tag]


def data_of(text: str) -> Any:
    found = re.search(r'<script type="application/json" id="canvas-data">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


def single_file(canvas: Canvas, title: str = "链", legend: tuple[Entry, ...] = ()) -> str:
    return canvas.standalone(title, legend, WORDS, scripts=SCRIPTS, style=STYLE)


def test_parallel_lines_stay_apart() -> None:
    canvas = Canvas([Node("a", "甲", 0, 0), Node("b", "乙", 9, 0)], [Edge("1", "a", "b"), Edge("2", "a", "b")])
    assert [e["id"] for e in canvas.page_data()["edges"]] == ["1", "2"]


def test_a_line_to_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="'b' isn't among the nodes"):
        Canvas([Node("a", "甲", 0, 0)], [Edge("1", "a", "b")])


def test_a_node_that_is_there_stays_as_it_is() -> None:
    canvas = Canvas([Node("a", "甲", 0, 0), Node("a", "乙", 9, 9)])
    assert [(n["x"], n["kg"]["label"]) for n in canvas.page_data()["nodes"]] == [(0, "甲")]


def test_the_page_data_say_what_the_script_draws() -> None:
    node = Node("a", "甲", 10, 20, kind="ent", seal="企", modality="planned", tag="规划", strong=True, more={"n": 3})
    canvas = Canvas([node], bands=[Band("企业", 0, 0, 100, 50)], options={"draggable": False})
    data = canvas.page_data()
    assert data["nodes"][0]["kg"] == {
        "label": "甲",
        "width": 208,
        "height": 28,
        "kind": "ent",
        "seal": "企",
        "modality": "planned",
        "tag": "规划",
        "strong": True,
        "more": {"n": 3},
    }
    assert (data["nodes"][0]["x"], data["nodes"][0]["y"]) == (10, 20)
    assert data["bands"] == [{"label": "企业", "x": 0, "y": 0, "width": 100, "height": 50, "kind": "lane"}]
    assert data["options"] == {"draggable": False}
    assert json.loads(json.dumps(data)) == data


def test_facts_of_a_box_are_limited() -> None:
    canvas = Canvas([Node("a", "甲", 0, 0, notes=[str(n) for n in range(NOTES_MAX + 5)])])
    assert len(canvas.page_data()["nodes"][0]["kg"]["notes"]) == NOTES_MAX


def test_options_keep_their_spaces() -> None:
    assert Canvas(options={"font": "Noto Sans"}).page_data()["options"]["font"] == "Noto Sans"


def test_many_are_added_in_a_time_that_grows_with_them_and_not_faster() -> None:
    def seconds(made: Network, count: int) -> float:
        started = time.perf_counter()
        for n in range(count):
            made.add_node(f"n{n}", label=str(n))
        for n in range(count):
            made.add_edge(f"n{n}", f"n{n * 7 % count}")
        return time.perf_counter() - started

    assert seconds(Canvas(), 3000) * 5 < seconds(Network(directed=True), 3000)


def test_the_single_file_allows_its_scripts_by_hash_and_nothing_else() -> None:
    text = single_file(Canvas([Node("a", "甲", 0, 0)]))
    read = Reading(text)
    policy = next(a["content"] for tag, a in read.elements if tag == "meta" and a.get("http-equiv"))
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert scripts == ["var vis = {};", "document.title;"]
    for part in (*scripts, STYLE):
        digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in (policy or "")
    assert "default-src 'none'" in (policy or "")
    assert "unsafe" not in (policy or "")
    assert not [a for _, a in read.elements if a.get("src") or a.get("href")]
    assert "http:" not in text.replace("http-equiv", "")
    assert "https:" not in text


@pytest.mark.parametrize("text", ["a</script>b", "a<!--b", "a</SCRIPT >"])
def test_a_script_that_would_end_its_element_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="can't stand inside"):
        Canvas().standalone("链", (), WORDS, scripts=[text], style="")


@given(st.lists(st.text() | st.sampled_from(HOSTILE), min_size=6, max_size=6))
@settings(max_examples=60, deadline=None)
def test_whatever_a_label_says_stays_text(labels: list[str]) -> None:
    title, label, tag, note, band, legend = labels
    canvas = Canvas(
        [Node("a", label, 0, 0, tag=tag, notes=[note], spoken=label), Node(label + "b", "乙", 9, 0)],
        [Edge("1", "a", label + "b", label=tag)],
        bands=[Band(band, 0, 0, 1, 1)],
    )
    text = single_file(canvas, title, (Entry("actual", legend),))
    plain = single_file(
        Canvas(
            [Node("a", "甲", 0, 0, tag="x", notes=["x"], spoken="甲"), Node("b", "乙", 9, 0)],
            [Edge("1", "a", "b", label="x")],
            bands=[Band("x", 0, 0, 1, 1)],
        ),
        "x",
        (Entry("actual", "x"),),
    )
    assert [tag for tag, _ in Reading(text).elements] == [tag for tag, _ in Reading(plain).elements]
    assert data_of(text) == canvas.page_data()
    block = re.search(r'id="canvas-data">(.*?)</script>', text, re.DOTALL)
    assert block
    assert "<" not in block[1]


def test_pyvis_writes_its_own_template_as_markup_and_ours_does_not() -> None:
    """The reason for a template of our own, held here: with pyvis's a heading is markup."""
    stock = Network(heading="<img onerror=x>", cdn_resources="remote")
    stock.add_node("a")
    assert "<img onerror=x>" in stock.generate_html()
    assert "https://" in stock.generate_html()
    assert "<img onerror=x>" not in single_file(Canvas([Node("a", "甲", 0, 0)]), "<img onerror=x>")

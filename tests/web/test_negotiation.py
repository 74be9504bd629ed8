"""Accept headers, as clients and as attackers send them."""

import pytest

from kg.web.negotiation import parse_accept, prefers_html, quality, ranked

OFFERED = ["application/sparql-results+json", "application/sparql-results+xml", "text/csv"]
JSON, XML, CSV = OFFERED


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, OFFERED),
        ("", OFFERED),
        ("  ", OFFERED),
        ("*/*", OFFERED),
        ("text/csv", [CSV]),
        ("TEXT/CSV", [CSV]),
        ("text/*", [CSV]),
        ("text/csv;q=0.9, application/*;q=0.1", [CSV, JSON, XML]),
        ("*/*;q=0.1, application/sparql-results+xml", [XML, JSON, CSV]),
        ("*/*, application/sparql-results+json;q=0", [XML, CSV]),
        ("application/*;q=0, */*", [CSV]),
        ("application/sparql-results+xml;q=0.5, application/*;q=0.8", [JSON, XML]),
        ("application/json", []),
        ("text/csv;q=0", []),
        # RFC 9110 allows spaces around the semicolon, and parameters before the quality.
        ("text/csv ; charset=utf-8 ; q=0.3", [CSV]),
        # What isn't a media range is passed over; what isn't a quality refuses the type.
        ("nonsense", []),
        ("nonsense, text/csv", [CSV]),
        ("*/csv", []),
        ("text/csv;q=high", []),
        ("text/csv;q=nan", []),
        ("text/csv;q=inf", []),
        ("text/csv;q=1.5", []),
        ("text/csv;q=-1", []),
        (",,;;,", []),
        # The default header of Java's HttpURLConnection.
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", OFFERED),
    ],
)
def test_ranked(accept, expected):
    assert ranked(accept, OFFERED) == expected


def test_the_most_precise_range_decides():
    ranges = parse_accept("text/csv;q=0.1, text/*;q=0.9, */*;q=0.5")
    assert quality(ranges, "text/csv") == 0.1
    assert quality(ranges, "text/html") == 0.9
    assert quality(ranges, JSON) == 0.5


def test_a_browser_is_known_by_naming_html():
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert prefers_html(browser, ["text/turtle"])
    assert not prefers_html("*/*", ["text/turtle"])
    assert not prefers_html(None, ["text/turtle"])
    assert not prefers_html("text/html;q=0.5, text/turtle", ["text/turtle"])
    assert not prefers_html("text/html;q=0", [])


def test_a_long_header_takes_no_time():
    assert ranked("a/b;q=0.1," * 50_000, OFFERED) == []

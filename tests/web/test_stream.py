"""Bodies that are sent as they come, and how they break."""

import csv
import io
import json
from xml.etree import ElementTree

import pytest
from flask import Flask
from pyoxigraph import QueryResultsFormat, RdfFormat, parse, parse_query_results

from kg.errors import QueryFailed, ResultIncomplete
from kg.web.metrics import Metrics
from kg.web.stream import broken_end, respond

BLOCK = 64 * 1024


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def answer(chunks, media_type, metrics, method="GET"):
    with Flask("test").test_request_context(method=method):
        return respond(chunks, media_type, metrics)


class Source:
    """Chunks that tell whether they were closed."""

    def __init__(self, chunks, error=None):
        self.chunks, self.error, self.closed = iter(chunks), error, False

    def __iter__(self):
        return self

    def __next__(self):
        try:
            return next(self.chunks)
        except StopIteration:
            if self.error:
                raise self.error from None
            raise

    def close(self):
        self.closed = True


def test_a_short_body_has_its_length(metrics):
    response = answer(iter([b"ab", b"c"]), "text/csv", metrics)
    assert response.data == b"abc"
    assert response.headers["Content-Length"] == "3"
    assert response.headers["KG-Complete"] == "true"
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"


def test_a_short_body_that_fails_is_an_error(metrics):
    source = Source([b"a"], QueryFailed("gone"))
    with pytest.raises(QueryFailed):
        answer(source, "text/csv", metrics)
    assert source.closed


def test_a_short_body_that_ends_at_a_limit_is_closed_in_order_and_says_why(metrics):
    source = Source([b'{"results":{"bindings":[{}'], ResultIncomplete("rows", 1, "KG_QUERY_MAX_ROWS", b"]}}"))
    response = answer(source, "application/sparql-results+json", metrics)
    assert response.data == b'{"results":{"bindings":[{}]}}'
    assert response.headers["KG-Complete"] == "false"
    assert response.headers["KG-Incomplete-Reason"] == (
        "The result has more than 1 rows, the limit (KG_QUERY_MAX_ROWS); the rest is missing."
    )
    assert response.headers["Content-Length"] == str(len(response.data))


def test_a_short_body_that_cannot_be_closed_is_an_error(metrics):
    with pytest.raises(ResultIncomplete):
        answer(Source([b"a"], ResultIncomplete("bytes", 1, "KG_QUERY_MAX_RESULT_MB", None)), "text/csv", metrics)


def test_a_long_body_that_ends_at_a_limit_is_broken(metrics):
    source = Source([b"x" * BLOCK] * 6, ResultIncomplete("rows", 1, "KG_QUERY_MAX_ROWS", b""))
    response = answer(source, "text/csv", metrics)
    assert response.headers["KG-Complete"] == "streaming"
    assert b"".join(response.response).endswith(b"ResultIncomplete; the rest is missing")


def test_where_nothing_comes_the_head_goes_out_and_empty_parts_after_it(metrics):
    source = Source([b"", b"", b"late"])
    response = answer(source, "text/csv", metrics)
    assert response.headers["KG-Complete"] == "streaming"
    assert list(response.response) == [b"", b"", b"late"]


def test_a_pause_within_a_short_body_is_no_end(metrics):
    response = answer(Source([b"a", b"", b"b"]), "text/csv", metrics)
    assert response.data == b"ab"
    assert response.headers["KG-Complete"] == "true"


def test_a_long_body_comes_as_it_is_made(metrics):
    source = Source([b"x" * BLOCK] * 20)
    response = answer(source, "text/csv", metrics)
    assert response.is_streamed
    assert "Content-Length" not in response.headers
    assert len(b"".join(response.response)) == 20 * BLOCK
    assert source.closed


def test_a_reader_that_leaves_ends_the_source(metrics):
    source = Source([b"x" * BLOCK] * 20)
    response = answer(source, "text/csv", metrics)
    next(iter(response.response))
    response.close()
    assert source.closed


def test_head_ends_the_source(metrics):
    source = Source([b"x" * BLOCK] * 20)
    response = answer(source, "text/csv", metrics, method="HEAD")
    assert source.closed
    assert response.data == b""
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize("error", [QueryFailed("out of time"), RuntimeError("a secret path")])
def test_a_long_body_that_fails_is_broken_and_counted(metrics, caplog, error):
    response = answer(Source([b"x" * BLOCK] * 6, error), "application/n-triples", metrics)
    body = b"".join(response.response)
    assert body.endswith(b"the rest is missing")
    assert b"secret" not in body
    assert metrics.registry.get_sample_value("kg_sparql_results_broken_total") == 1
    assert "broke off" in caplog.text
    assert ("Traceback" in caplog.text) == isinstance(error, RuntimeError)


TRIPLES = b"".join(b'<http://e/s%d> <http://e/p> "a<b\\"c" .\n' % i for i in range(5))
SOLUTIONS = {
    "application/sparql-results+json": b'{"head":{"vars":["x"]},"results":{"bindings":['
    + b",".join([b'{"x":{"type":"literal","value":"a\\"b<c"}}'] * 5)
    + b"]}}",
    "application/sparql-results+xml": b'<?xml version="1.0"?><sparql xmlns="http://www.w3.org/2005/sparql-results#">'
    b'<head><variable name="x"/></head><results>'
    + b'<result><binding name="x"><literal>a"b</literal></binding></result>' * 5
    + b"</results></sparql>",
    "text/csv": b"x,y\r\n" + b'"a""b,c",d\r\n' * 5,
    "text/tab-separated-values": b"?x\t?y\n" + b'"a\\"b<c"\t<http://e/x>\n' * 5,
}


def refused(media_type, body):
    """Whether a strict reader of the format refuses the body."""
    try:
        match media_type:
            case "application/n-triples" | "text/turtle" | "application/rdf+xml":
                list(parse(body, format=RdfFormat.from_media_type(media_type)))
            case "application/ld+json":
                json.loads(body)
            case "application/sparql-results+json":
                json.loads(body)
            case "application/sparql-results+xml":
                ElementTree.fromstring(body)  # noqa: S314
            case "text/csv":
                list(csv.reader(io.StringIO(body.decode(), newline=""), strict=True))
            case _:
                list(parse_query_results(body, format=QueryResultsFormat.from_media_type(media_type)))
    except (SyntaxError, ValueError, ElementTree.ParseError, csv.Error):
        return True
    return False


@pytest.mark.parametrize(
    ("media_type", "whole"),
    [
        ("application/n-triples", TRIPLES),
        ("text/turtle", TRIPLES),
        (
            "application/rdf+xml",
            b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
            + b'<rdf:Description rdf:about="http://e/s"><e:p>x</e:p></rdf:Description>' * 3
            + b"</rdf:RDF>",
        ),
        ("application/ld+json", b'[{"@id":"http://e/s","http://e/p":[{"@value":"a"}]}]'),
        *SOLUTIONS.items(),
    ],
)
def test_wherever_a_body_is_cut_its_reader_refuses_it(media_type, whole):
    assert not refused(media_type, whole)
    for cut in range(1, len(whole) + 1):
        head = whole[:cut]
        end = broken_end(media_type, QueryFailed("x"), inside_quotes=head.count(b'"') % 2 == 1)
        assert refused(media_type, head + end), head[-40:]

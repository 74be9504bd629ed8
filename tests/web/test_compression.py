"""gzip: for whom, of what, and that streams stay streams."""

import gzip
import zlib

import pytest

MANY = "SELECT * { GRAPH <urn:numbers> { ?s ?p ?o } }"
GZIP = {"Accept-Encoding": "gzip, deflate"}


def ask(web, query, headers):
    return web.get("/sparql", query_string={"query": query}, headers=headers)


def test_a_page_and_a_result(web):
    for address, headers in (("/", {"Accept": "text/html"}), ("/dump?format=nt", {})):
        plain = web.get(address, headers=headers)
        packed = web.get(address, headers=headers | GZIP)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in plain.headers
        assert gzip.decompress(packed.data) == plain.data
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert "Accept-Encoding" in plain.headers["Vary"]
        if "Content-Length" in packed.headers:
            assert int(packed.headers["Content-Length"]) == len(packed.data)


@pytest.mark.parametrize("wish", ["", "identity", "br", "gzip;q=0", "gzip;q=0.0, br", "*;q=0"])
def test_who_does_not_take_it(web, wish):
    assert "Content-Encoding" not in ask(web, MANY, {"Accept-Encoding": wish}).headers


@pytest.mark.parametrize("wish", ["gzip", "GZIP", "x-gzip", "*", "br, gzip;q=0.1"])
def test_who_takes_it(web, wish):
    assert ask(web, MANY, {"Accept-Encoding": wish}).headers["Content-Encoding"] == "gzip"


def test_a_small_answer_is_left_alone(web):
    assert "Content-Encoding" not in ask(web, "ASK {}", GZIP).headers


def test_a_long_result_is_packed_as_it_comes(web):
    plain = ask(web, MANY, {}).data
    response = ask(web, MANY, GZIP)
    engine = zlib.decompressobj(16 + zlib.MAX_WBITS)
    parts = [engine.decompress(block) for block in response.iter_encoded() if block]
    assert len(parts) > 3
    assert all(parts[:-2]), "each block can be read when it comes"
    assert b"".join(parts) + engine.flush() == plain
    assert engine.eof


def test_head_names_no_encoding_that_it_does_not_send(web):
    assert "Content-Encoding" not in web.head("/", headers=GZIP).headers

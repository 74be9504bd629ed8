"""What is thrown at a service: each attack, and the statuses with which it may end."""

from collections.abc import Callable
from dataclasses import dataclass

from siege.clients import QUERY, TOKEN, UPDATE, Answer, ask, post, put, request, send, update

KG = "PREFIX kg: <https://w3id.org/zone-kg/ontology#> "
JSON = "application/sparql-results+json"
#: Stopped by a limit: time, memory, the worker's end, or the result's size where it is found early.
STOPPED = frozenset({422, 503, 504})
#: Answered, or stopped: what counts is that it ends.
BOUNDED = STOPPED | {200}
REFUSED = frozenset({400, 413, 414, 431})


@dataclass(frozen=True)
class Attack:
    """An attack by its name."""

    name: str
    act: Callable[[int], Answer]
    ends: frozenset[int]

    def ended_well(self, answer: Answer) -> bool:
        """Say whether an answer is one that this attack may have.

        The head of an answer waits for two seconds: what is stopped later is a 200 that ends visibly broken.
        """
        if answer.status == 200 and self.ends == STOPPED:
            return b"INCOMPLETE RESULT" in answer.body
        return answer.status in self.ends


def _query(name: str, text: str, ends: frozenset[int] = BOUNDED, accept: str = "text/csv") -> Attack:
    return Attack(name, lambda port: post(port, text, accept), ends)


def _raw(name: str, data: bytes, ends: frozenset[int]) -> Attack:
    return Attack(name, lambda port: send(port, data), ends)


def _doubled(times: int) -> str:
    binds = "".join(f"BIND(CONCAT(?v{n}, ?v{n}) AS ?v{n + 1}) " for n in range(times))
    return f'SELECT (STRLEN(?v{times}) AS ?n) {{ BIND("0123456789" AS ?v0) {binds}}}'


def _joined(sign: str, number: int) -> str:
    return sign.join(map(str, range(number)))


def _nested_groups(levels: int) -> str:
    return "SELECT * " + "{" * levels + " ?s ?p ?o " + "}" * levels


PRODUCT = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"
QUERIES = [
    _query("cross product, counted", f"SELECT (COUNT(*) AS ?n) {{ {PRODUCT} }}", STOPPED),
    _query("cross product, filtered", f"SELECT * {{ {PRODUCT} FILTER(?c = ?f && ?f = ?i && ?a != ?d) }}"),
    _query("ORDER BY over a product", "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?f ?c", STOPPED),
    _query("DISTINCT over a product", "SELECT DISTINCT ?a ?c ?f { ?a ?b ?c . ?d ?e ?f FILTER(?a != ?d) }"),
    _query("GROUP BY over a product", "SELECT ?a ?f (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f } GROUP BY ?a ?f", STOPPED),
    _query("GROUP_CONCAT bomb", "SELECT (GROUP_CONCAT(STR(?c)) AS ?t) { ?a ?b ?c . ?d ?e ?f }", STOPPED),
    _query("path of everything", f"{KG}SELECT (COUNT(*) AS ?n) {{ ?x (kg:inZone|!kg:inZone)* ?y }}"),
    _query("paths of everything, twice", f"{KG}SELECT * {{ ?x (kg:a|!kg:a)* ?y . ?y (kg:a|!kg:a|^kg:a)* ?z }}"),
    _query("paths there and back", f"{KG}SELECT (COUNT(*) AS ?n) {{ ?x (!kg:a|^!kg:a)+ ?y }}"),
    _query("large regex", f'SELECT * {{ ?s ?p ?o FILTER REGEX(STR(?o), "{"(a?){50}" * 200}b") }}'),
    _query("regex that repeats", 'SELECT * { ?s ?p ?o FILTER REGEX(STR(?o), "((a{1,100}){1,100}){1,100}") }'),
    _query("regex of alternatives", f'SELECT * {{ ?s ?p ?o FILTER REGEX(STR(?o), "{_joined("|", 30_000)}") }}'),
    _query("strings that double", _doubled(40)),
    _query(
        "REPLACE bomb", f'SELECT (STRLEN(REPLACE(REPLACE(?t, ".", ?t), ".", ?t)) AS ?n) {{ BIND("{"x" * 900}" AS ?t) }}'
    ),
    _query("large VALUES", f"SELECT (COUNT(*) AS ?n) {{ VALUES ?x {{ {_joined(' ', 100_000)} }} }}"),
    _query(
        "product of VALUES",
        "SELECT (COUNT(*) AS ?n) { " + " ".join(f"VALUES ?x{n} {{ {_joined(' ', 1_000)} }}" for n in range(6)) + " }",
        STOPPED,
    ),
    _query("long IN", f"SELECT * {{ ?s ?p ?o FILTER(?o IN ({_joined(', ', 100_000)})) }}"),
    _query(
        "CONSTRUCT of a product",
        "CONSTRUCT { ?a ?b ?f . ?d ?e ?c } WHERE { ?a ?b ?c . ?d ?e ?f }",
        accept="text/turtle",
    ),
    _query("SELECT of a product as JSON", f"SELECT * {{ {PRODUCT} }}", accept=JSON),
    _query("SELECT of a product as XML", f"SELECT * {{ {PRODUCT} }}", accept="application/sparql-results+xml"),
    _query("DESCRIBE of everything", "DESCRIBE * { ?s ?p ?o . ?o ?q ?r }", accept="application/n-triples"),
    _query(
        "OPTIONAL after OPTIONAL",
        "SELECT * { ?s ?p ?o " + "".join(f"OPTIONAL {{ ?o{n} ?p{n} ?s }}" for n in range(40)) + "}",
    ),
    _query(
        "patterns in a ring",
        "SELECT (COUNT(*) AS ?n) {" + "".join(f"?v{n} ?p{n} ?v{(n + 1) % 30} . " for n in range(30)) + "}",
    ),
    _query("MINUS of a product", f"SELECT (COUNT(*) AS ?n) {{ {PRODUCT} MINUS {{ ?a ?x ?f }} }}", STOPPED),
    _query(
        "EXISTS for every pair",
        "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER NOT EXISTS { ?a ?z ?f . ?f ?y ?x } }",
        STOPPED,
    ),
    _query(
        "subqueries within subqueries",
        "SELECT * { " + "{ SELECT * { " * 90 + "?a ?b ?c . ?d ?e ?f" + " } }" * 90 + " } ORDER BY ?f",
    ),
    _query("lists within lists", "SELECT * { ?s ?p " + "(" * 190 + "1" + ")" * 190 + " }", BOUNDED | {400}),
    _query(
        "brackets within brackets", "SELECT * { ?s ?p ?o FILTER(" + "(" * 190 + "1" + ")" * 190 + ") }", BOUNDED | {400}
    ),
    _query("groups, 190 deep", _nested_groups(190)),
    _query("groups, 100,000 deep", _nested_groups(100_000), REFUSED),
    _query("a thousand branches and more", "SELECT * { " + " UNION ".join(["{ ?s ?p ?o }"] * 5_000) + " }", REFUSED),
    _query("nots", "SELECT * { FILTER(" + "!" * 20_000 + "true) }", REFUSED),
    _query("a long sum", "SELECT (" + "+".join(["1"] * 900) + " AS ?x) {}"),
    _query("a long path", "SELECT * { ?s " + "/".join(["<urn:a>"] * 900) + " ?o }"),
    _query("a string without an end", "SELECT * { ?s ?p '" + "x" * 100_000, REFUSED),
    _query("a query of a megabyte and more", "SELECT * { ?s ?p ?o } #" + "x" * 1_100_000, REFUSED),
]

AUTHORITY = {"Authorization": f"Bearer {TOKEN}"}
_PART = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\nContent-Type: text/turtle\r\n\r\n'
_FORM = {**AUTHORITY, "Content-Type": "multipart/form-data; boundary=b"}
_RDF = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:p="urn:p">'
_CHUNKED = (
    f"POST /update HTTP/1.1\r\nHost: siege\r\nContent-Type: {UPDATE}\r\nAuthorization: Bearer {TOKEN}\r\n"
    "Transfer-Encoding: chunked\r\n\r\n5\r\nCLEAR\r\n0\r\n\r\n"
).encode()
REQUESTS = [
    _raw("address of 59 KB", request("GET", "/sparql?query=ASK%7B%7D%23" + "x" * 59_000), frozenset({200})),
    _raw("address of 61 KB", request("GET", "/sparql?query=ASK%7B%7D%23" + "x" * 61_500), REFUSED),
    _raw("address of a megabyte", request("GET", "/" + "x" * 1_000_000), REFUSED | {0}),
    _raw(
        "thousands of headers",
        request("GET", "/", headers=[(f"X-{n}", "y" * 100) for n in range(5_000)]),
        REFUSED | {0, 200},
    ),
    _raw("a header of half a megabyte", request("GET", "/", headers={"X": "y" * 500_000}), REFUSED | {0, 200}),
    _raw(
        "a cookie of 60 KB",
        request("GET", "/", headers={"Cookie": "kg-session=" + "A" * 60_000}),
        frozenset({200, 400, 431}),
    ),
    _raw("thousands of parameters", request("GET", "/sparql?" + "a=1&" * 10_000), REFUSED),
    _raw("many queries", request("GET", "/sparql?" + "query=ASK%7B%7D&" * 900), REFUSED),
    _raw(
        "a form of parameters",
        request("POST", "/sparql", b"a=1&" * 200_000, {"Content-Type": "application/x-www-form-urlencoded"}),
        REFUSED,
    ),
    _raw("invalid UTF-8 in the address", request("GET", "/sparql?query=%ff%fe"), REFUSED),
    _raw("invalid UTF-8 in the path", b"GET /entity/\xff\xfe HTTP/1.1\r\nHost: siege\r\n\r\n", REFUSED | {0, 404}),
    _raw("invalid UTF-8 in the body", request("POST", "/sparql", b"ASK {} # \xff", {"Content-Type": QUERY}), REFUSED),
    _raw(
        "thousands of media types",
        request("GET", "/sparql?query=ASK%7B%7D", headers={"Accept": ",".join(f"a/b{n};q=0.1" for n in range(6_000))}),
        frozenset({400, 406, 431}),
    ),
    _raw(
        "gzip by many names",
        request(
            "GET",
            "/sparql?query=SELECT*%7B%3Fs%3Fp%3Fo%7DLIMIT%205000",
            headers={"Accept-Encoding": ",".join(["gzip;q=0.1", "br", "*"] * 2_000)},
        ),
        frozenset({200, 431}),
    ),
    _raw(
        "a compressed body",
        request("POST", "/sparql", b"\x1f\x8b" + b"x" * 100, {"Content-Type": QUERY, "Content-Encoding": "gzip"}),
        frozenset({415}),
    ),
    _raw("a negative time", request("GET", "/sparql?query=ASK%7B%7D&timeout=-1"), REFUSED),
    _raw("a time of many digits", request("GET", "/sparql?query=ASK%7B%7D&timeout=" + "9" * 5_000), REFUSED),
    _raw(
        "a body that ends early",
        request("POST", "/sparql", b"ASK {}", {"Content-Type": QUERY}).replace(b"Length: 6", b"Length: 5"),
        REFUSED,
    ),
    _raw("a method of its own", request("BREW", "/sparql"), frozenset({400, 405})),
    _raw("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500, frozenset({0, 400})),
]


def _nested_terms(levels: int) -> bytes:
    return b"<urn:a> <urn:b> " + b"<<( <urn:a> <urn:b> " * levels + b'"1"' + b" )>>" * levels + b" .\n"


def _laughing() -> bytes:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    return (
        f'<!DOCTYPE rdf:RDF [<!ENTITY a0 "{"x" * 100}">{entities}]><rdf:RDF xmlns:rdf="{rdf}" xmlns:p="urn:p">'
        "<rdf:Description><p:b>&a9;</p:b></rdf:Description></rdf:RDF>"
    ).encode()


def _put(name: str, data: bytes, ends: frozenset[int], media_type: str = "text/turtle") -> Attack:
    return Attack(name, lambda port: put(port, "urn:siege:attack", data, media_type), ends)


def _update(name: str, text: str, ends: frozenset[int]) -> Attack:
    return Attack(name, lambda port: update(port, text), ends)


WRITES = [
    _update("an update, 100,000 deep", "INSERT DATA " + "{" * 100_000, REFUSED),
    _update(
        "an update of lists",
        "INSERT { <urn:a> <urn:b> ?x } WHERE { ?x <urn:none> " + "(" * 190 + "1" + ")" * 190 + " }",
        STOPPED | {204, 400},
    ),
    _update("an update of nots", "INSERT {} WHERE { FILTER(" + "!" * 20_000 + "true) }", REFUSED),
    _update(
        "an update of many branches", "DELETE {} WHERE { " + " UNION ".join(["{ ?s ?p ?o }"] * 5_000) + " }", REFUSED
    ),
    _update("an update that is too long", "INSERT DATA {} #" + "x" * 3_000_000, REFUSED),
    _update("an update that calls out", "LOAD <http://127.0.0.1:1/>", REFUSED),
    _put("terms, 100,000 deep", _nested_terms(60_000), frozenset({400, 413, 422}), "application/n-triples"),
    _put("terms, 150 deep", _nested_terms(150), REFUSED),
    _put(
        "brackets, 100,000 deep",
        b"<urn:a> <urn:b> " + b"[<urn:p> " * 50_000 + b"1" + b"]" * 50_000 + b" .",
        STOPPED | {201, 204},
    ),
    _put(
        "a prefix of much",
        b"@prefix a: <urn:" + b"x" * 200_000 + b"> . " + b"a:x a:y a:z . " * 10_000,
        frozenset({400}),
    ),
    _put("entities within entities", _laughing(), STOPPED | {400}, "application/rdf+xml"),
    _put(
        "elements within elements",
        _RDF + b"<p:a><p:b>" * 40_000 + b"</p:b></p:a>" * 40_000 + b"</rdf:RDF>",
        STOPPED | {201, 204, 400},
        "application/rdf+xml",
    ),
    _put(
        "JSON within JSON",
        b'{"urn:p":' * 60_000 + b"1" + b"}" * 60_000,
        STOPPED | {201, 204, 400},
        "application/ld+json",
    ),
    _put("a graph that is too long", b"# " + b"x" * 3_000_000, REFUSED),
    _put("a graph cut in the middle of a term", b"<urn:a> <urn:b> <ur", REFUSED),
    _raw(
        "a form of many parts",
        request("POST", "/graphs?graph=urn:siege:attack", (_PART + b"\r\n") * 2_000 + b"--b--\r\n", _FORM),
        REFUSED,
    ),
    _raw(
        "a form without its end",
        request("POST", "/graphs?graph=urn:siege:attack", _PART + b"<urn:a> <urn:b> 1 .", _FORM),
        REFUSED,
    ),
    _raw("an update in chunks", _CHUNKED, frozenset({411})),
]

ALL = [*QUERIES, *REQUESTS, *WRITES]


def small_and_dear(port: int) -> Answer:
    """A runaway query, as a client in good faith sends one."""
    return ask(port, f"SELECT (COUNT(*) AS ?n) {{ {PRODUCT} }}")

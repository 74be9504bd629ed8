"""Small queries in one run: the engine in this process, the service over HTTP, and rdflib-endpoint beside it.

Prints the median time of each query and the ratios, and the memory of all the service's processes. Results are compared
before anything is timed. Each request has a comment of its own behind the query, so that no result is one that was
kept; what was kept is timed apart. Ends with 1 if a bar is missed: over HTTP at most 3 times the engine's own time, and
at most 200 MB for the four zones.

    make bench
"""

import itertools
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox

from kg.services.base import BaseFiles, build
from kg.store.embedded import ENGINE_FOLDER, EmbeddedStore

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from bench.connection import Connection, solutions  # noqa: E402 - found by the line above
from service import environment, free_port, memory_mb, running, stop, wait_for  # noqa: E402

QUERIES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("queries/*.rq"))}
ROUNDS = 200
PEER_ROUNDS = 15
CONNECTIONS = 4
MOST_RATIO = 3.0
MOST_MEGABYTES = 200
COUNT = itertools.count()
PEER = """
import sys, uvicorn
from rdflib import Graph
from rdflib_endpoint import SparqlEndpoint
graph = Graph().parse(sys.argv[1], format="nt")
uvicorn.run(SparqlEndpoint(graph=graph, path="/sparql"), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
"""


def median_us(ask: Callable[[str], bytes], query: str, rounds: int) -> float:
    """Return the median time of a query in microseconds."""
    times = []
    for number in range(rounds + rounds // 10 + 1):
        started = time.perf_counter()
        ask(query)
        if number > rounds // 10:
            times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e6


def anew(ask: Callable[[str], bytes]) -> Callable[[str], bytes]:
    """Return what asks each query as one that nobody has asked before."""
    return lambda query: ask(f"{query}\n# {next(COUNT)}")


def throughput(port: int, connections: int, rounds: int) -> float:
    """Return the queries that are answered in a second over several connections, all queries in turn."""

    def work() -> None:
        connection = Connection(port)
        ask = anew(connection.ask)
        for _ in range(rounds):
            for query in QUERIES.values():
                ask(query)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return connections * rounds * len(QUERIES) / (time.perf_counter() - started)


def main() -> int:
    """Run everything; return the exit code."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        data = build(BaseFiles.shipped().listed()).data
        (folder / "graph.nt").write_bytes(data)
        with EmbeddedStore.open(folder / "data") as store:
            store.load_graph(None, data, "application/n-triples", replace=False)
        return measure(folder, data.count(b"\n"))


def measure(folder: Path, triples: int) -> int:
    """Measure the three over the same triples; return the exit code."""
    expected, own = measure_engine(folder / "data" / ENGINE_FOLDER)
    settings = environment(KG_DATA_DIR=str(folder / "data"), KG_BASE="none", KG_LOG_LEVEL="warning")
    with running(folder / "data", settings, cwd=folder) as service:
        port = urllib.parse.urlsplit(service["address"]).port or 80
        connection = Connection(port)
        compare("the service", connection.ask, expected)
        kept = {name: median_us(connection.ask, query, ROUNDS) for name, query in QUERIES.items()}
        http = {name: median_us(anew(connection.ask), query, ROUNDS) for name, query in QUERIES.items()}
        connection.close()
        one, several = throughput(port, 1, 30), throughput(port, CONNECTIONS, 30)
        rss, pss = memory_mb(service["pid"])

    peer_port = free_port()
    peer = subprocess.Popen(
        [ROOT / ".venv-bench/bin/python", "-c", PEER, folder / "graph.nt", str(peer_port)],
        env=environment(),
        cwd=folder,
    )
    try:
        wait_for(peer_port, peer)
        connection = Connection(peer_port)
        compare("rdflib-endpoint", connection.ask, expected)
        rdflib = {name: median_us(anew(connection.ask), query, PEER_ROUNDS) for name, query in QUERIES.items()}
        connection.close()
        peer_rss, peer_pss = memory_mb(peer.pid)
    finally:
        stop(peer)

    say(
        f"{triples:,} triples; median of {ROUNDS} rounds ({PEER_ROUNDS} for rdflib-endpoint); results compared: equal\n"
    )
    say(f"{'query':<12}{'solutions':>10}{'engine µs':>11}{'HTTP µs':>9}{'ratio':>7}{'rdflib µs':>11}{'ratio':>8}")
    for name in QUERIES:
        say(
            f"{name:<12}{len(expected[name]):>10}{own[name]:>11,.0f}{http[name]:>9,.0f}{http[name] / own[name]:>7.1f}"
            f"{rdflib[name]:>11,.0f}{rdflib[name] / http[name]:>8.1f}"
        )
    engine_us, http_us, rdflib_us = (sum(times.values()) for times in (own, http, rdflib))
    ratio = http_us / engine_us
    say(
        f"{'all':<12}{'':>10}{engine_us:>11,.0f}{http_us:>9,.0f}{ratio:>7.1f}{rdflib_us:>11,.0f}"
        f"{rdflib_us / http_us:>8.1f}\n"
    )
    say("The first ratio is HTTP to the engine in this process, the second rdflib-endpoint to the service.")
    kept_us = sum(kept.values())
    say(f"Results that were kept: {kept_us:,.0f} µs for all, {kept_us / engine_us:.2f} times the engine.")
    say(f"One connection: {one:,.0f} queries a second; {CONNECTIONS} connections: {several:,.0f}.")
    say(f"Memory of the service: {pss:.0f} MB proportional ({rss:.0f} MB resident, shared pages counted twice).")
    say(f"Memory of rdflib-endpoint: {peer_pss:.0f} MB proportional ({peer_rss:.0f} MB resident).")
    met = ratio <= MOST_RATIO and pss <= MOST_MEGABYTES
    bars = f"HTTP at most {MOST_RATIO:.0f} times the engine: {ratio:.2f}; at most {MOST_MEGABYTES} MB: {pss:.0f} MB"
    say(f"{bars}: {'met' if met else 'MISSED'}.")
    return 0 if met else 1


def measure_engine(place: Path) -> tuple[dict[str, list[str]], dict[str, float]]:
    """Return the solutions of each query, and its time with nothing around the engine."""
    engine = ox.Store.read_only(str(place))

    def ask(query: str) -> bytes:
        return bytes(engine.query(query).serialize(format=ox.QueryResultsFormat.JSON))

    expected = {name: solutions(ask(query)) for name, query in QUERIES.items()}
    return expected, {name: median_us(ask, query, ROUNDS) for name, query in QUERIES.items()}


def compare(who: str, ask: Callable[[str], bytes], expected: dict[str, list[str]]) -> None:
    """Stop where a server's results aren't the engine's."""
    for name, query in QUERIES.items():
        if solutions(ask(query)) != expected[name]:
            raise SystemExit(f"{who} gives other solutions of {name}.rq than the engine")


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())

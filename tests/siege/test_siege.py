"""Hostile clients beside normal ones: every attack ends within its bounds, and nobody else notices much of it.

The long part, with its figures: ``make siege``.
"""

import contextlib
import random
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from siege import attacks
from siege.clients import PATIENCE_S, QUERY, Answer, Reader, ask, connect, put, request, update
from siege.conftest import TIMEOUT_S, Besieged

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]

#: The time limit, the wait for a worker, and what a busy machine adds.
BOUND_S = TIMEOUT_S + 10 + 15
ATTACKERS = 6
GROWTH_MB = 100


def eventually(holds: Callable[[], bool], patience_s: float = 30) -> bool:
    """Wait until something holds."""
    until = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def wave(port: int, chosen: list[attacks.Attack], attackers: int = ATTACKERS) -> list[tuple[attacks.Attack, Answer]]:
    """Let several attackers at a service at the same time."""
    with ThreadPoolExecutor(attackers) as pool:
        return list(zip(chosen, pool.map(lambda attack: attack.act(port), chosen), strict=True))


def verdicts(ended: list[tuple[attacks.Attack, Answer]]) -> list[str]:
    """Return what ended as it mustn't, or too late."""
    return [
        f"{attack.name}: {answer.status} after {answer.seconds:.1f} s: {answer.body[:300]!r}"
        for attack, answer in ended
        if not attack.ended_well(answer) or answer.seconds > BOUND_S
    ]


def at_rest(service: Besieged, processes: int, before_mb: float) -> None:
    """Hold a service to what it was before."""
    assert eventually(lambda: len(service.processes()) == processes), service.processes()
    assert eventually(lambda: service.busy() < 0.25), "a worker is stuck"
    assert eventually(lambda: len(service.snapshots()) <= 1), service.snapshots()
    assert eventually(lambda: service.proportional_mb() < before_mb + GROWTH_MB), service.proportional_mb()
    assert ask(service.port, "ASK {}").status == 200


def test_every_attack_is_bounded_and_hurts_nobody(siege: Besieged) -> None:
    processes, before_mb = len(siege.processes()), siege.proportional_mb()
    chosen = list(attacks.ALL)
    random.Random(1).shuffle(chosen)
    with Reader(siege.port, siege.questions) as first, Reader(siege.port, siege.questions) as second:
        ended = wave(siege.port, chosen)
    assert verdicts(ended) == []
    assert len(first.seconds) > 50
    assert not first.wrong + second.wrong, (first.figures(), first.wrong[:3], second.wrong[:3])
    at_rest(siege, processes, before_mb)
    said = Path(f"{siege.folder}.log").read_text(encoding="utf-8")
    assert "accident" not in said, said[-3000:]


def test_those_who_hold_connections_hold_nobody_up(siege: Besieged) -> None:
    """Half bodies, half heads, readers that don't read, clients that leave: more of each than there are threads."""
    processes, before_mb = len(siege.processes()), siege.proportional_mb()
    half_body = request("POST", "/sparql", b"x" * 100, {"Content-Type": QUERY})[:-90]
    long_result = request("POST", "/sparql", f"SELECT * {{ {attacks.PRODUCT} }}".encode(), {"Content-Type": QUERY})
    with contextlib.ExitStack() as held:
        for _ in range(24):
            held.enter_context(connect(siege.port)).sendall(half_body)
        for _ in range(100):
            held.enter_context(connect(siege.port)).sendall(b"GET /sparql?query=ASK HTTP/1.1\r\nHost: siege\r\nX: ")
        with Reader(siege.port, siege.questions) as reader:
            time.sleep(3)
            assert ask(siege.port, "ASK {}").status == 200
            # Who sends a body waits for those who don't, and is told so, until their connections are cut.
            assert eventually(lambda: update(siege.port, "INSERT DATA {}").status == 204, PATIENCE_S)
        assert not reader.wrong, reader.figures()
        silent = []
        for _ in range(20):
            silent.append(held.enter_context(connect(siege.port, receive_bytes=4096)))
            silent[-1].sendall(long_result)
        # They hold the places of queries until their time is over, and no longer.
        assert eventually(lambda: ask(siege.port, "ASK {}").status == 200)
        for _ in range(40):
            with connect(siege.port) as leaving:
                leaving.sendall(long_result)
                leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        with Reader(siege.port, siege.questions) as reader:
            time.sleep(TIMEOUT_S)
        assert not reader.wrong, (reader.figures(), reader.wrong[:3])
    at_rest(siege, processes, before_mb)


def test_writers_in_good_faith_beside_runaways(siege: Besieged) -> None:
    """Writes stand at once for every query that starts after them, whatever else runs."""
    processes, before_mb = len(siege.processes()), siege.proportional_mb()
    runaways = [threading.Thread(target=attacks.small_and_dear, args=(siege.port,)) for _ in range(3)]
    for thread in runaways:
        thread.start()
    for number in range(30):
        assert update(siege.port, f"INSERT DATA {{ GRAPH <urn:w> {{ <urn:w> <urn:n> {number} }} }}").status == 204
        counted = ask(siege.port, "SELECT (COUNT(*) AS ?n) { GRAPH <urn:w> { ?s ?p ?o } }")
        assert (counted.status, counted.body.split()) == (200, [b"n", str(number + 1).encode()])
    assert put(siege.port, "urn:w", b"<urn:a> <urn:b> 1 .").status == 204
    assert b"1" in ask(siege.port, "SELECT (COUNT(*) AS ?n) { GRAPH <urn:w> { ?s ?p ?o } }").body
    for thread in runaways:
        thread.join(2 * PATIENCE_S)
    at_rest(siege, processes, before_mb)

"""The register of queries."""

import secrets
import uuid

import pytest

from kg.errors import QueryBusy, QueryCancelled, QueryIdRefused
from kg.store import running
from kg.store.running import Register, check_id

GOOD = [secrets.token_hex(16), secrets.token_urlsafe(17), str(uuid.uuid4()), secrets.token_urlsafe(96)]
BAD = ["", "1", "my-query", "a" * 40, "0" * 32, secrets.token_hex(15), secrets.token_urlsafe(15), "x" * 200, "é" * 30]


@pytest.mark.parametrize("name", GOOD)
def test_a_random_name_is_taken(name):
    check_id(name)
    assert Register(1).enter(name, "ask", 1.0).id == name


@pytest.mark.parametrize("name", [*BAD, secrets.token_hex(16) + " ", f"../{secrets.token_hex(16)}"])
def test_a_name_that_could_be_guessed_is_refused(name):
    with pytest.raises(QueryIdRefused, match="128"):
        check_id(name)


def test_names_are_made_where_none_is_given():
    register = Register(100)
    names = {register.enter("", "ask", 1.0).id for _ in range(100)}
    assert len(names) == 100
    for name in names:
        check_id(name)


def test_a_name_is_one_querys():
    register = Register(2)
    ticket = register.enter(GOOD[0], "ask", 1.0)
    with pytest.raises(QueryIdRefused, match="another"):
        register.enter(GOOD[0], "ask", 1.0)
    register.leave(ticket, True)
    with pytest.raises(QueryIdRefused, match="another"):
        register.enter(GOOD[0], "ask", 1.0)
    register.enter("", "ask", 1.0)
    register.enter("", "ask", 1.0)


def test_no_more_than_there_are_places(monkeypatch):
    monkeypatch.setattr(running, "PATIENCE_S", 0.01)
    register = Register(2)
    first = register.enter("", "ask", 1.0)
    register.enter("", "ask", 1.0)
    with pytest.raises(QueryBusy) as caught:
        register.enter("", "ask", 1.0)
    assert caught.value.headers["Retry-After"]
    register.leave(first, True)
    register.leave(first, False, "the first word holds")
    register.enter("", "ask", 1.0)
    with pytest.raises(QueryBusy):
        register.enter("", "ask", 1.0)


def test_what_is_remembered_is_bounded_in_time_and_number(monkeypatch):
    register = Register(10)
    first = register.enter("", "select", 1.0)
    register.leave(first, False, "too long")
    found = register.find(first.id)
    assert found is not None
    state = found.state()
    assert (state.phase, state.complete, state.reason) == ("ended", False, "too long")
    for _ in range(running.REMEMBERED):
        register.leave(register.enter("", "ask", 1.0), True)
    assert register.find(first.id) is None
    last = register.enter("", "ask", 1.0)
    register.leave(last, True)
    assert register.find(last.id) is last
    monkeypatch.setattr(running, "REMEMBERED_S", 0.0)
    assert register.find(last.id) is None
    register.leave(register.enter("", "ask", 1.0), True)
    assert len(register._past) == 0


def test_a_query_is_ended_once_and_not_after_its_end():
    register = Register(2)
    ended = []
    ticket = register.enter("", "ask", 1.0)
    ticket.begin(lambda: ended.append(1))
    assert [t.id for t in register.active()] == [ticket.id]
    ticket.stop(QueryCancelled())
    ticket.stop(QueryCancelled())
    assert ended == [1]
    other = register.enter("", "ask", 1.0)
    other.begin(lambda: ended.append(2))
    register.leave(other, True)
    other.stop(QueryCancelled())
    assert ended == [1]


def test_what_is_stopped_while_it_waits_ends_when_it_begins():
    ended = []
    ticket = Register(1).enter("", "ask", 1.0)
    ticket.stop(QueryCancelled())
    ticket.begin(lambda: ended.append(1))
    assert ended == [1]

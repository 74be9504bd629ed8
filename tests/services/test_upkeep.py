"""What is built from a store keeps in step with it."""

import threading
import time

import pytest

from kg.errors import StoreError
from kg.services.upkeep import Upkeep


class Store:
    def __init__(self):
        self.version = "1"


class Builder:
    """Builds the version it saw; waits for its gate, and counts."""

    def __init__(self, gate=None):
        self.gate = gate
        self.built = []
        self.failure = None

    def __call__(self, store, goes_on):
        assert goes_on()
        seen = store.version
        self.built.append(seen)
        if self.gate is not None:
            assert self.gate.wait(10)
        if self.failure is not None:
            raise self.failure
        return f"of {seen}"


def test_it_is_built_once_for_each_version():
    store, builder = Store(), Builder()
    kept = Upkeep(builder)
    assert [kept.of(store) for _ in range(3)] == [("of 1", True)] * 3
    store.version = "2"
    assert [kept.of(store) for _ in range(3)] == [("of 2", True)] * 3
    assert builder.built == ["1", "2"]


def test_each_store_has_its_own_and_nothing_outlives_it():
    kept = Upkeep(Builder())
    first, second = Store(), Store()
    second.version = "9"
    assert kept.of(first)[0] == "of 1"
    assert kept.of(second)[0] == "of 9"
    del first, second
    assert len(kept._kept) == 0


def test_those_who_ask_at_once_share_the_first():
    gate = threading.Event()
    store, builder = Store(), Builder(gate)
    kept = Upkeep(builder)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(kept.of(store))) for _ in range(8)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(10)
    assert answers == [("of 1", True)] * 8
    assert builder.built == ["1"]


def test_while_a_build_takes_longer_the_older_one_answers_and_says_so():
    gate = threading.Event()
    gate.set()
    store, builder = Store(), Builder(gate)
    kept = Upkeep(builder, patience_s=0.05)
    assert kept.of(store) == ("of 1", True)
    gate.clear()
    store.version = "2"
    assert [kept.of(store) for _ in range(3)] == [("of 1", False)] * 3
    assert builder.built == ["1", "2"]
    gate.set()
    until = time.monotonic() + 10
    while kept.of(store) != ("of 2", True):
        assert time.monotonic() < until


def test_a_store_that_is_written_to_all_the_time_still_answers():
    store, builder = Store(), Builder()
    kept = Upkeep(builder, patience_s=0.2)

    class Restless:
        """Another version each time it is asked."""

        count = 0

        @property
        def version(self):
            self.count += 1
            return str(self.count)

    restless = Restless()
    started = time.monotonic()
    built, current = kept.of(restless)
    assert not current
    assert built.startswith("of ")
    assert time.monotonic() - started < 2
    assert kept.of(store) == ("of 1", True)


def test_after_a_long_build_there_is_a_pause():
    gate = threading.Event()
    gate.set()
    store = Store()

    def build(store, goes_on):
        builds.append(store.version)
        time.sleep(1)
        return store.version

    builds = []
    kept = Upkeep(build, patience_s=0.01)
    kept.of(store)
    store.version = "2"
    assert kept.of(store) == ("1", False)
    assert builds == ["1"]
    until = time.monotonic() + 10
    while kept.of(store) != ("2", True):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_failure_is_told_where_nothing_can_answer_and_else_the_older_one_does(caplog):
    store, builder = Store(), Builder()
    builder.failure = StoreError("broken")
    kept = Upkeep(builder, patience_s=0.1)
    with pytest.raises(StoreError, match="broken"):
        kept.of(store)
    builder.failure = None
    assert kept.of(store) == ("of 1", True)
    builder.failure = StoreError("broken again")
    store.version = "2"
    assert kept.of(store) == ("of 1", False)
    assert "broken again" in caplog.text
    assert builder.built.count("2") <= 2
    builder.failure = None
    until = time.monotonic() + 10
    while kept.of(store) != ("of 2", True):
        assert time.monotonic() < until

import json
import sqlite3
import threading
from pathlib import Path

import pytest

from kg.errors import InvalidState, NotFound, SaveRefused, StoreUnusable
from kg.services import saved
from kg.services.saved import Item, Shelf

VIEW = {"kind": "view", "name": "一个图", "state": {"v": 1, "boxes": [["zone/z-1", 0, 0, 2]]}}
QUERY = {"kind": "query", "name": "", "query": "SELECT * { ?s ?p ?o } LIMIT 1"}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "data")


def test_what_is_saved_is_opened_under_its_hash(shelf: Shelf, tmp_path: Path) -> None:
    view, query = shelf.save(VIEW, "a"), shelf.save(QUERY, "a")
    assert shelf.open(view.hash) == view
    assert view.name == "一个图"
    assert view.state.boxes[0].path == "zone/z-1"
    assert Shelf(tmp_path / "data").open(query.hash).query == QUERY["query"]


def test_the_same_content_has_one_hash_however_it_is_written(shelf: Shelf) -> None:
    other = {"state": {"boxes": [["zone/z-1", 0, 0, 2]], "filters": {}, "v": 1, "name": "一个图"}, "kind": "view"}
    assert shelf.save(VIEW, "a") == shelf.save(other, "b")
    assert shelf.save({**VIEW, "name": "另一个"}, "a").hash != shelf.save(VIEW, "a").hash


def test_nothing_is_made_before_something_is_saved(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        Shelf(tmp_path / "data").open("0" * 32)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["", "0", "g" * 32, "0" * 33, "../" * 10, "' OR 1=1 --"])
def test_a_name_that_is_no_hash_is_not_found(shelf: Shelf, name: str) -> None:
    shelf.save(VIEW, "a")
    with pytest.raises(NotFound):
        shelf.open(name)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"kind": "film"},
        {"kind": "view"},
        {"kind": "view", "state": {"v": 2}},
        {**VIEW, "query": "x"},
        {**VIEW, "name": "x" * 81},
        {**VIEW, "name": "a\u202eb"},
        {**VIEW, "name": 1},
        {"kind": "query", "query": " "},
        {"kind": "query", "query": 1},
        {"kind": "query", "query": "\ud800"},
        {"kind": "query", "query": "x" * 70_000},
    ],
)
def test_what_can_not_be_saved_is_refused(shelf: Shelf, value: object) -> None:
    with pytest.raises(InvalidState):
        shelf.save(value, "a")


def test_off_takes_nothing_and_opens_what_there_is(shelf: Shelf, tmp_path: Path) -> None:
    item = shelf.save(VIEW, "a")
    off = Shelf(tmp_path / "data", allowed=False)
    assert off.open(item.hash) == item
    with pytest.raises(SaveRefused) as caught:
        off.save(QUERY, "a")
    assert caught.value.cause == "off"


def test_a_client_that_saves_too_often_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "PER_CLIENT", 3)
    now = [0.0]
    shelf = Shelf(tmp_path, clock=lambda: now[0])

    def save(n: int, client: str = "a") -> Item:
        return shelf.save({"kind": "query", "query": f"ASK {{ ?s ?p {n} }}"}, client)

    for n in range(3):
        save(n)
    with pytest.raises(SaveRefused) as caught:
        save(3)
    assert caught.value.cause == "rate"
    assert caught.value.headers == {"Retry-After": str(saved.PERIOD_S)}
    assert save(0).query == "ASK { ?s ?p 0 }", "what is there already costs nothing"
    save(3, "b")
    now[0] = saved.PERIOD_S + 1
    save(4)


def test_clients_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "CLIENTS_MAX", 5)
    shelf = Shelf(tmp_path)
    for n in range(20):
        shelf.save({"kind": "query", "query": f"ASK {{ ?s ?p {n} }}"}, f"client {n}")
    assert len(shelf._clients) == 5


@pytest.mark.parametrize(("limit", "value"), [("ITEMS_MAX", 2), ("TOTAL_MAX_BYTES", 250)])
def test_a_full_shelf_takes_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    monkeypatch.setattr(saved, limit, value)
    shelf = Shelf(tmp_path)
    shelf.save(VIEW, "a")
    shelf.save(QUERY, "a")
    with pytest.raises(SaveRefused) as caught:
        shelf.save({**QUERY, "query": "ASK { ?s ?p ?o } # " + "x" * 60}, "a")
    assert caught.value.cause == "full"
    assert shelf.save(VIEW, "a")


def test_many_may_save_at_once(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "PER_CLIENT", 1000)
    failed: list[Exception] = []

    def work(start: int) -> None:
        try:
            for n in range(10):
                shelf.save({"kind": "query", "query": f"ASK {{ ?s ?p {(start + n) % 25} }}"}, "a")
        except Exception as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=work, args=(n * 5,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_damaged_file_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / saved.FILE).write_bytes(b"no database" * 100)
    with pytest.raises(StoreUnusable):
        Shelf(tmp_path).save(VIEW, "a")


def test_the_text_that_is_kept_is_canonical(shelf: Shelf, tmp_path: Path) -> None:
    shelf.save(VIEW, "a")
    table = sqlite3.connect(tmp_path / "data" / saved.FILE)
    (text,) = table.execute("SELECT text FROM saved").fetchone()
    table.close()
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert "一个图" in text

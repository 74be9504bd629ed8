"""Snapshots: taken lazily, shared, and removed when nobody holds them."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.errors import SnapshotFailed
from kg.store.embedded import EmbeddedStore
from kg.store.snapshot import FOLDER, Snapshot, Snapshots


@pytest.fixture
def opened(tmp_path):
    with EmbeddedStore.open(tmp_path) as store:
        yield store, Snapshots(store, tmp_path / FOLDER), tmp_path / FOLDER


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def asks(snapshot: Snapshot, query: str) -> bool:
    return bool(ox.Store.read_only(str(snapshot.folder)).query(query))


def test_one_for_each_version_and_only_when_it_is_asked_for(opened):
    store, snapshots, folder = opened
    store.update("INSERT DATA { <urn:a> <urn:b> 1 }")
    assert kept(folder) == []
    first = snapshots.take()
    assert first is snapshots.take()
    assert asks(first, "ASK { <urn:a> <urn:b> 1 }")
    store.update("INSERT DATA { <urn:a> <urn:b> 2 }")
    assert len(kept(folder)) == 1, "nobody has asked for the new version yet"
    second = snapshots.take()
    assert asks(second, "ASK { <urn:a> <urn:b> 2 }")
    assert not asks(first, "ASK { <urn:a> <urn:b> 2 }"), "what is held doesn't change"


def test_it_goes_with_its_last_holder(opened):
    store, snapshots, folder = opened
    first = snapshots.take()
    assert snapshots.take() is first
    store.update("INSERT DATA { <urn:a> <urn:b> 1 }")
    second = snapshots.take()
    snapshots.give_back(first)
    assert len(kept(folder)) == 2
    snapshots.give_back(first)
    assert kept(folder) == [second.folder.name]
    snapshots.give_back(second)
    assert kept(folder) == [second.folder.name], "the latest stays for the next one"
    store.update("INSERT DATA { <urn:a> <urn:b> 2 }")
    third = snapshots.take()
    assert kept(folder) == [third.folder.name]
    snapshots.close()
    assert kept(folder) == []


def test_what_a_killed_run_left_is_removed(tmp_path):
    left = tmp_path / FOLDER / "7"
    left.mkdir(parents=True)
    (left / "CURRENT").write_text("x", encoding="utf-8")
    with EmbeddedStore.open(tmp_path) as store:
        Snapshots(store, tmp_path / FOLDER)
        assert not left.exists()


def test_a_copy_that_cannot_be_made_is_told(opened):
    store, _, folder = opened
    folder.write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(SnapshotFailed, match="Free some space"):
        Snapshots(store, folder / "below").take()
    assert store.ask("ASK {}"), "the store goes on"

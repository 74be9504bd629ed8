"""Births of processes, and the file that says where a service runs."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace

import pytest

from kg.web import presence
from kg.web.process import birth


@pytest.fixture
def own() -> presence.Presence:
    return presence.Presence("http://127.0.0.1:1", os.getpid(), "2026-01-01T00:00:00+00:00", birth(os.getpid()), "0")


def test_a_running_service_is_found(tmp_path, own):
    presence.announce(tmp_path, own)
    assert presence.running(tmp_path) == own
    assert [p.name for p in tmp_path.iterdir()] == ["serve.json"]


def test_a_file_that_a_killed_service_left_is_known(tmp_path, own):
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as gone:
        left = replace(own, pid=gone.pid, birth=birth(gone.pid))
        presence.announce(tmp_path, left)
        assert presence.running(tmp_path) == left
        gone.kill()
    assert presence.running(tmp_path) is None


def test_another_process_under_the_same_id_is_not_the_service(tmp_path, own):
    presence.announce(tmp_path, replace(own, birth="earlier/1"))
    assert presence.running(tmp_path) is None


def test_only_its_own_file_is_withdrawn(tmp_path, own):
    presence.announce(tmp_path, own)
    presence.withdraw(tmp_path, own.pid + 1)
    assert presence.running(tmp_path) == own
    presence.withdraw(tmp_path, own.pid)
    assert not (tmp_path / "serve.json").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '"x"', '{"pid": 1}'])
def test_a_file_that_says_nothing_is_no_service(tmp_path, content):
    (tmp_path / "serve.json").write_text(content, encoding="utf-8")
    assert presence.running(tmp_path) is None


def test_odd_values_are_no_service(tmp_path, own):
    odd = asdict(own) | {"pid": "../../etc"}
    (tmp_path / "serve.json").write_text(json.dumps(odd), encoding="utf-8")
    assert presence.running(tmp_path) is None


def test_a_missing_folder_holds_no_service(tmp_path):
    assert presence.running(tmp_path / "none") is None

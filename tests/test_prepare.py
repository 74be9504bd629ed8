"""The preparation of a checkout: it says what is missing, and does nothing the second time."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "tools/prepare.py"


@pytest.fixture
def prepare(tmp_path, monkeypatch):
    """The script, in a checkout of its own."""
    spec = importlib.util.spec_from_file_location("prepare", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, place in {"ROOT": ".", "LOCKS": "locks", "WEB": "web", "STAMPS": ".stamps", "VENV": ".venv"}.items():
        monkeypatch.setattr(module, name, tmp_path / place)
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks/runtime.lock").write_text("a==1 --hash=sha256:0\n", encoding="utf-8")
    return module


@pytest.fixture
def calls(prepare, monkeypatch):
    """The commands that would have run; an environment is made when it is asked for."""
    seen = []

    def run(command, **_options):
        seen.append([str(part) for part in command])
        if "venv" in seen[-1]:
            made = Path(seen[-1][-1])
            (made / "bin").mkdir(parents=True, exist_ok=True)
            (made / "bin/python").touch()
            (made / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.12.1\n", encoding="utf-8")

    monkeypatch.setattr(prepare, "run", run)
    return seen


def test_a_second_run_installs_nothing(prepare, calls):
    assert prepare.main(["runtime"]) == 0
    assert calls[0][1:3] == ["-m", "venv"]
    assert "--require-hashes" in calls[1]
    assert prepare.main(["runtime"]) == 0
    assert len(calls) == 2


def test_a_changed_lock_is_installed(prepare, calls, tmp_path):
    prepare.main(["runtime"])
    (tmp_path / "locks/runtime.lock").write_text("a==2 --hash=sha256:0\n", encoding="utf-8")
    prepare.main(["runtime"])
    assert [("venv" in call) for call in calls] == [True, False, False]


def test_an_environment_whose_python_is_gone_is_made_anew(prepare, calls, tmp_path):
    prepare.main(["runtime"])
    (tmp_path / ".venv/bin/python").unlink()
    prepare.main(["runtime"])
    assert [("venv" in call) for call in calls] == [True, False, True, False]


def test_a_missing_ensurepip_is_named(prepare, calls, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert prepare.main(["runtime"]) == 1
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"apt-get install python{version}-venv" in capsys.readouterr().out
    assert calls == []


def test_a_python_that_is_too_old_is_named(prepare, calls, monkeypatch, capsys):
    monkeypatch.setattr(prepare.sys, "version_info", type("V", (tuple,), {"major": 3, "minor": 9})((3, 9)))
    assert prepare.main(["runtime"]) == 1
    assert "Python 3.11 or newer is needed" in capsys.readouterr().out


def test_a_step_that_fails_is_told_without_a_traceback(prepare, monkeypatch, capsys):
    def run(command, **_options):
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(prepare, "run", run)
    assert prepare.main(["runtime"]) == 1
    assert capsys.readouterr().out.rpartition("· ")[2].startswith("This failed: ")


def test_an_unknown_step_is_refused(prepare, capsys):
    assert prepare.main(["nothing"]) == 2
    assert "There is no step 'nothing'" in capsys.readouterr().out


@pytest.mark.parametrize(("told", "major"), [("v20.11.0\n", 20), ("nonsense", 0), ("", 0)])
def test_the_version_of_node_is_read(prepare, monkeypatch, told, major):
    monkeypatch.setattr(prepare.subprocess, "run", lambda *_a, **_o: subprocess.CompletedProcess([], 0, stdout=told))
    assert prepare.node_major("node") == major


@pytest.fixture
def bare(prepare, monkeypatch):
    """A machine of the administrator's that has apt-get, and nothing of what the tests need of the system."""
    there = {"apt-get": "/usr/bin/apt-get"}
    monkeypatch.setattr(prepare.shutil, "which", there.get)
    monkeypatch.setattr(prepare.os, "geteuid", lambda: 0)
    return there


def test_what_the_tests_need_of_the_system_is_installed(prepare, calls, bare):
    assert prepare.main(["system"]) == 0
    installed = [call[call.index("--no-install-recommends") + 1 :] for call in calls if "install" in call]
    assert installed == [
        ["chromium", "fonts-noto-cjk"],
        ["virtuoso-opensource-7", "virtuoso-opensource-7-bin"],
    ]


def test_a_virtuoso_that_is_there_is_left_alone(prepare, calls, bare):
    bare["virtuoso-t"] = "/usr/bin/virtuoso-t"
    assert prepare.main(["system"]) == 0
    assert not any("virtuoso" in part for call in calls for part in call)


def test_a_system_without_apt_is_no_failure(prepare, calls, bare, capsys):
    del bare["apt-get"]
    assert prepare.main(["system"]) == 0
    assert calls == []
    told = capsys.readouterr().out
    assert "the tests of a remote store: virtuoso-opensource-7" in told
    assert "the tests in a browser: chromium" in told


def test_packages_that_cannot_be_installed_are_no_failure(prepare, monkeypatch, bare, capsys):
    def run(command, **_options):
        raise subprocess.CalledProcessError(100, command)

    monkeypatch.setattr(prepare, "run", run)
    assert prepare.main(["system"]) == 0
    assert "couldn't install virtuoso-opensource-7" in capsys.readouterr().out

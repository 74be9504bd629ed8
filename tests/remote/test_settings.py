"""The settings of a remote store: what fits together, what is shown, and what is opened."""

import contextlib
from pathlib import Path

import pytest

from kg.config import Settings
from kg.errors import SettingError
from kg.store.embedded import EmbeddedStore
from kg.store.opening import open_store
from kg.store.remote import RemoteStore

AT = {"KG_STORE": "https://store.example/sparql", "KG_STORE_GRAPH": "https://example.org/zone-kg"}


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"KG_STORE": "https://store.example/sparql"}, "KG_STORE_GRAPH"),
        ({"KG_STORE_GRAPH": "urn:x"}, "KG_STORE_GRAPH"),
        ({"KG_STORE_PASSWORD": "geheim"}, "KG_STORE_PASSWORD"),
        ({**AT, "KG_STORE": "file:///etc/passwd"}, "KG_STORE"),
        ({**AT, "KG_STORE": "ftp://store.example/sparql"}, "KG_STORE"),
        ({**AT, "KG_STORE": "https:///sparql"}, "KG_STORE"),
        ({**AT, "KG_STORE": "https://kg:geheim@store.example/sparql"}, "KG_STORE"),
        ({**AT, "KG_STORE_UPDATE": "javascript:1"}, "KG_STORE_UPDATE"),
        ({**AT, "KG_STORE_GRAPHS": "graphs"}, "KG_STORE_GRAPHS"),
        ({**AT, "KG_STORE_GRAPH": "zone-kg"}, "KG_STORE_GRAPH"),
        ({**AT, "KG_STORE_GRAPH": "https://example.org/a b"}, "KG_STORE_GRAPH"),
        ({**AT, "KG_STORE_AUTH": "ntlm"}, "KG_STORE_AUTH"),
        ({**AT, "KG_STORE_AUTH": "bearer"}, "KG_STORE_AUTH"),
        ({**AT, "KG_STORE_USER": "kg"}, "KG_STORE_USER"),
        ({**AT, "KG_STORE_PASSWORD": "geheim"}, "KG_STORE_USER"),
        ({**AT, "KG_STORE_PASSWORD": "geheim\x01", "KG_STORE_USER": "kg"}, "KG_STORE_PASSWORD"),
        ({**AT, "KG_STORE_MAX_ROWS": "0"}, "KG_STORE_MAX_ROWS"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_name(given: dict[str, str], name: str):
    with pytest.raises(SettingError) as caught:
        Settings.from_environment(given)
    assert caught.value.name == name
    assert "geheim" not in str(caught.value)


def test_a_password_is_never_shown():
    found = Settings.from_environment({**AT, "KG_STORE_USER": "kg", "KG_STORE_PASSWORD": "geheim"})
    assert "geheim" not in repr(found)


def test_the_data_folder_holds_the_data_unless_a_store_is_named(tmp_path: Path):
    with contextlib.closing(open_store(Settings(data_dir=tmp_path))) as store:
        assert isinstance(store, EmbeddedStore)
    with contextlib.closing(open_store(Settings.from_environment({**AT, "KG_DATA_DIR": str(tmp_path)}))) as remote:
        assert isinstance(remote, RemoteStore)
        assert remote.identity == "https://store.example/sparql https://example.org/zone-kg"

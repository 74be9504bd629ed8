"""Tokens, sessions and the rate of requests."""

from dataclasses import replace
from hashlib import sha256

import pytest

from kg.config import Settings
from kg.errors import SettingError
from kg.web.access import Meter
from kg.web.tokens import Keyring

ADMIN, READER = "admin-token-0123456789", "reader-token-0123456789"
PAGE = {"Accept": "text/html"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_scopes_bring_those_below_them(tmp_path):
    path = tmp_path / "tokens.toml"
    digest = sha256(b"some-secret-of-a-writer").hexdigest()
    path.write_text(f'[w]\nsha256 = "{digest}"\nscopes = ["write"]\n', "utf-8")
    keys = Keyring.of(replace(Settings(), admin_token=ADMIN, read_token=READER, tokens_file=path))
    assert keys.holder(ADMIN).scopes == {"read", "write", "admin"}
    assert keys.holder(READER).scopes == {"read"}
    assert keys.holder("some-secret-of-a-writer").scopes == {"read", "write"}
    assert keys.holder("") is None
    assert keys.holder(ADMIN[:-1]) is None
    assert keys.grants("admin")
    assert not Keyring.of(Settings()).grants("read")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[a", "isn't TOML"),
        ("a = 1", "needs scopes"),
        ('[a]\ntoken = "0123456789abcdef"', "needs scopes"),
        ('[a]\ntoken = "0123456789abcdef"\nscopes = ["everything"]', "needs scopes"),
        ('[a]\ntoken = "short"\nscopes = ["read"]', "16 characters"),
        (f'[a]\nsha256 = "{"g" * 64}"\nscopes = ["read"]', "hexadecimal"),
    ],
)
def test_a_file_that_can_not_be_used(tmp_path, text, told):
    path = tmp_path / "tokens.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingError, match=told):
        Keyring.of(replace(Settings(), tokens_file=path))
    with pytest.raises(SettingError, match="can't be read"):
        Keyring.of(replace(Settings(), tokens_file=tmp_path / "absent.toml"))


@pytest.mark.parametrize("token", ["short", "with space 0123456789", "中文中文中文中文中文中文中文中文"])
def test_a_token_that_can_not_be_one_isn_t_repeated_in_the_error(token):
    with pytest.raises(SettingError) as caught:
        Settings.from_environment({"KG_ADMIN_TOKEN": token})
    assert token not in str(caught.value)


def test_the_settings_do_not_print_their_secrets():
    assert ADMIN not in repr(replace(Settings(), admin_token=ADMIN, read_token=ADMIN))


def test_reading_may_need_a_token(make_app):
    web = make_app(read_token=READER, admin_token=ADMIN).test_client()
    for address in ("/", "/sparql?query=ASK%7B%7D", "/dump", "/metrics", "/id/zone/z-1", "/nowhere", "/search?q=x"):
        refused = web.get(address)
        assert refused.status_code == 401, address
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        assert web.get(address, headers=bearer(READER)).status_code in {200, 303, 404}, address
        assert web.get(address, headers=bearer(ADMIN)).status_code in {200, 303, 404}, address
    for address in ("/healthz", "/login"):
        assert web.get(address).status_code == 200
    sent = web.get("/zones?lang=en", headers=PAGE)
    assert sent.status_code == 303
    assert sent.headers["Location"] == "/login?next=%2Fzones%3Flang%3Den"


def test_what_a_token_opened_stays_out_of_shared_caches(make_app):
    web = make_app(read_token=READER).test_client()
    response = web.get("/sparql?query=ASK%7B%7D", headers=bearer(READER))
    assert "private" in response.headers["Cache-Control"]
    assert {"Authorization", "Cookie"} <= set(response.headers["Vary"].split(", "))


def test_a_session_by_a_cookie(make_app):
    web = make_app(read_token=READER, admin_token=ADMIN).test_client()
    assert web.post("/login", data={"token": "wrong-token-0123456789"}).status_code == 401
    sent = web.post("/login", data={"token": READER, "next": "/zones"})
    assert (sent.status_code, sent.headers["Location"]) == (303, "/zones")
    cookie = sent.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert READER not in cookie
    assert web.get("/zones", headers=PAGE).status_code == 200
    # A cookie writes nothing.
    update = {"data": "DROP ALL", "content_type": "application/sparql-update"}
    assert web.post("/update", **update).status_code == 401
    assert web.post("/logout", data={}).status_code == 403


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_login_leads_nowhere_else(make_app, target):
    web = make_app(admin_token=ADMIN).test_client()
    assert web.post("/login", data={"token": ADMIN, "next": target}).headers["Location"] == "/admin"


def test_a_cookie_of_another_key_is_nobody_s(make_app):
    mine = make_app(read_token=READER).test_client()
    cookie = mine.post("/login", data={"token": READER}).headers["Set-Cookie"].split(";")[0]
    other = make_app(read_token=f"another-{READER}").test_client()
    assert other.get("/zones", headers={"Cookie": cookie}).status_code == 401


def test_the_rate_of_requests(make_app):
    web = make_app(rate_per_minute=5).test_client()
    answers = [web.get("/healthz") for _ in range(7)]
    assert [a.status_code for a in answers] == [200] * 5 + [429] * 2
    assert answers[-1].headers["Retry-After"] == "60"


def test_a_meter_forgets_after_a_minute_and_remembers_a_bounded_number(monkeypatch):
    now = 0.0
    monkeypatch.setattr("kg.web.access.time.monotonic", lambda: now)
    monkeypatch.setattr("kg.web.access._KNOWN_ADDRESSES", 3)
    meter = Meter()
    assert [meter.count("a") for _ in range(3)] == [1, 2, 3]
    now = 59.0
    assert meter.count("a") == 4
    now = 61.0
    assert meter.count("a") == 1
    for address in "bcde":
        meter.count(address)
    assert len(meter._counts) == 3

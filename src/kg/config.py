"""Settings: one frozen object, read from ``KG_`` environment variables at the edge and handed down."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from kg.errors import SettingError


def _setting(default: Any, sentence: str, *, shown: bool = True) -> Any:
    return field(default=default, metadata={"sentence": sentence}, repr=shown)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a deployer may choose. Each field's sentence is its documentation."""

    host: str = _setting("127.0.0.1", "Address that the service listens on.")
    port: int = _setting(8000, "Port that the service listens on; 0 takes a free one.")
    data_dir: Path = _setting(Path("var"), "Folder of the store, the last base and the address of the running service.")
    base: Literal["graph", "none"] = _setting(
        "graph", "What the default graph holds: `graph` loads the graph that ships with the package, `none` nothing."
    )
    store: str | None = _setting(
        None, "Address of a SPARQL service that holds the data; where unset, the service holds them in its data folder."
    )
    store_update: str | None = _setting(
        None, "Address where the service of KG_STORE takes updates; where unset, the same as for queries."
    )
    store_graphs: str | None = _setting(
        None,
        "Address of its Graph Store Protocol, to which `?graph=` is added; where unset, graphs are written by updates.",
    )
    store_graph: str | None = _setting(
        None, "IRI of the graph there that stands for the default graph; needed with KG_STORE and KG_BASE=graph."
    )
    store_user: str | None = _setting(None, "Name under which KG_STORE knows this service.")
    store_password: str | None = _setting(None, "Its password, or the token of a bearer.", shown=False)
    store_auth: Literal["basic", "digest", "bearer"] = _setting("basic", "How name and password are sent to KG_STORE.")
    store_max_rows: int | None = _setting(
        None, "Rows at which KG_STORE cuts a result without saying so; what reaches them is told to be incomplete."
    )
    sources_dir: Path | None = _setting(
        None, "Folder of the source documents' text files; where unset, pages show positions instead of passages."
    )
    public_url: str | None = _setting(None, "Address of the service as readers see it, where a proxy stands before it.")
    query_max_bytes: int = _setting(1_000_000, "Longest SPARQL query, in bytes, that is read.")
    query_timeout_s: int = _setting(
        30, "Seconds that a query may run; a request may ask for less by `timeout=` or the header KG-Timeout."
    )
    query_memory_mb: int = _setting(1024, "Megabytes of memory that a query may take.")
    query_max_rows: int = _setting(1_000_000, "Solutions or triples that the result of a query may have.")
    query_max_result_mb: int = _setting(256, "Megabytes that the result of a query may have.")
    query_workers: int | None = _setting(
        None, "Queries that are evaluated at the same time at full speed; where unset, one for each processor."
    )
    threads: int = _setting(16, "Requests that are answered at the same time.")
    cors_origins: tuple[str, ...] = _setting(
        (),
        "Origins (comma-separated, or `*`) whose web pages may read answers; where unset, none but the service's own.",
    )
    admin_token: str | None = _setting(
        None,
        "Secret (16 characters or more) that may do everything; where no token may write, writing is off.",
        shown=False,
    )
    read_token: str | None = _setting(None, "Secret that readers need; where unset, everybody may read.", shown=False)
    tokens_file: Path | None = _setting(
        None,
        "TOML file of further tokens: a table for each, with `token` or `sha256`, and `scopes` (read, write, admin).",
    )
    update_max_bytes: int = _setting(16_000_000, "Longest update, and longest graph in one request, in bytes.")
    service_allow: tuple[str, ...] = _setting(
        (), "Beginnings of the addresses (comma-separated) that a query may call by SERVICE; where unset, none."
    )
    save: Literal["on", "off"] = _setting(
        "on", "Whether readers may save views and queries under /s/<hash>; what was saved can be opened all the same."
    )
    rate_per_minute: int = _setting(0, "Requests that one address may send in a minute; 0 sets no limit.")
    log_level: Literal["debug", "info", "warning", "error"] = _setting("info", "Least level of what is logged.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings from environment variables.

        Raises
        ------
        SettingError
            For a value that can't be used, and for a ``KG_`` variable that no setting has (a typing error).
        """
        known = {f"KG_{f.name.upper()}": f.name for f in fields(cls)}
        values: dict[str, Any] = {}
        for name, raw in environment.items():
            if not name.startswith("KG_"):
                continue
            if name not in known:
                raise SettingError(name, raw, f"no such setting; there are {', '.join(sorted(known))}")
            if raw != "":
                values[known[name]] = _read(name, raw)
        found = cls(**values)
        _agree(found)
        return found


def _read(name: str, raw: str) -> Any:
    match name:
        case "KG_PORT":
            return _integer(name, raw, 0, 65535)
        case "KG_QUERY_MAX_BYTES" | "KG_UPDATE_MAX_BYTES":
            return _integer(name, raw, 1, 100_000_000)
        case "KG_RATE_PER_MINUTE":
            return _integer(name, raw, 0, 1_000_000)
        case "KG_ADMIN_TOKEN" | "KG_READ_TOKEN":
            if len(raw) < 16 or not raw.isascii() or not raw.isprintable() or " " in raw:
                raise SettingError(name, "(a secret)", "give 16 or more printable ASCII characters without spaces")
            return raw
        case "KG_STORE" | "KG_STORE_UPDATE" | "KG_STORE_GRAPHS":
            return _address(name, raw)
        case "KG_STORE_GRAPH":
            return _graph(name, raw)
        case "KG_STORE_PASSWORD":
            if not raw.isprintable():
                raise SettingError(name, "(a secret)", "give printable characters")
            return raw
        case "KG_STORE_AUTH":
            return _choice(name, raw, ("basic", "digest", "bearer"))
        case "KG_STORE_MAX_ROWS":
            return _integer(name, raw, 1, 1_000_000_000)
        case "KG_SERVICE_ALLOW":
            return tuple(_endpoint(name, prefix.strip()) for prefix in raw.split(","))
        case "KG_QUERY_TIMEOUT_S":
            return _integer(name, raw, 1, 86_400)
        case "KG_QUERY_MEMORY_MB" | "KG_QUERY_MAX_RESULT_MB":
            return _integer(name, raw, 1, 1_000_000)
        case "KG_QUERY_MAX_ROWS":
            return _integer(name, raw, 1, 1_000_000_000)
        case "KG_QUERY_WORKERS":
            return _integer(name, raw, 1, 64)
        case "KG_THREADS":
            return _integer(name, raw, 1, 64)
        case "KG_CORS_ORIGINS":
            return tuple(_origin(name, origin.strip()) for origin in raw.split(","))
        case "KG_DATA_DIR" | "KG_SOURCES_DIR" | "KG_TOKENS_FILE":
            return Path(raw)
        case "KG_BASE":
            return _choice(name, raw, ("graph", "none"))
        case "KG_SAVE":
            return _choice(name, raw, ("on", "off"))
        case "KG_LOG_LEVEL":
            return _choice(name, raw, ("debug", "info", "warning", "error"))
        case "KG_PUBLIC_URL":
            parts = urlsplit(raw)
            if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
                raise SettingError(name, raw, "give an absolute http or https address")
            return raw.rstrip("/")
        case _:
            return raw


def _agree(found: Settings) -> None:
    """Refuse settings of a remote store that don't fit each other."""
    if found.store is None:
        for name in ("store_update", "store_graphs", "store_graph", "store_user", "store_password", "store_max_rows"):
            if getattr(found, name) is not None:
                raise SettingError(f"KG_{name.upper()}", "(set)", "it says more of KG_STORE, which is unset")
        return
    if found.base == "graph" and found.store_graph is None:
        raise SettingError(
            "KG_STORE_GRAPH",
            "",
            "name the graph there that the base is loaded into, as https://example.org/zone-kg, or set KG_BASE=none",
        )
    if (found.store_user is None) != (found.store_password is None) and found.store_auth != "bearer":
        raise SettingError("KG_STORE_USER", found.store_user or "", "give a name and KG_STORE_PASSWORD, or neither")
    if found.store_auth == "bearer" and found.store_password is None:
        raise SettingError("KG_STORE_AUTH", "bearer", "give the token as KG_STORE_PASSWORD")


def _integer(name: str, raw: str, least: int, most: int) -> int:
    try:
        value = int(raw)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise SettingError(name, raw, f"give a whole number from {least} to {most}")
    return value


def _origin(name: str, raw: str) -> str:
    parts = urlsplit(raw)
    if raw != "*" and (not parts.netloc or raw != f"{parts.scheme}://{parts.netloc}" or parts.scheme == ""):
        raise SettingError(name, raw, "give origins such as https://example.org, separated by commas, or *")
    return raw


def _endpoint(name: str, raw: str) -> str:
    parts = urlsplit(raw)
    # Without a path, http://a.org would also begin http://a.org.example.
    if parts.scheme not in {"http", "https"} or not parts.hostname or not parts.path or "@" in parts.netloc:
        raise SettingError(name, raw, "give addresses such as https://example.org/sparql, separated by commas")
    return raw


def _address(name: str, raw: str) -> str:
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.fragment:
        raise SettingError(name, raw, "give an address such as https://example.org/sparql")
    if "@" in parts.netloc:
        # It may hold a password, which no message may show.
        raise SettingError(name, "(a secret)", "give the name as KG_STORE_USER and the password as KG_STORE_PASSWORD")
    return raw


def _graph(name: str, raw: str) -> str:
    parts = urlsplit(raw)
    if not parts.scheme or not raw.isprintable() or any(c in raw for c in '<>"{}|^`\\ '):
        raise SettingError(name, raw, "give an absolute IRI such as https://example.org/zone-kg")
    return raw


def _choice(name: str, raw: str, choices: tuple[str, ...]) -> str:
    if raw not in choices:
        raise SettingError(name, raw, f"give one of {', '.join(choices)}")
    return raw

"""Which store the settings name, opened: the data folder's own, or the SPARQL service of another machine."""

from kg.config import Settings
from kg.store.embedded import EmbeddedStore
from kg.store.remote import Endpoints, RemoteStore
from kg.store.wire import Credentials

#: What a write to a remote may take: the loader's parts are longer at work than any query may be.
REMOTE_TIMEOUT_S = 300.0


def open_store(settings: Settings) -> EmbeddedStore | RemoteStore:
    """Open the store for writing.

    Raises
    ------
    StoreLocked
        If another process holds the data folder; a remote store is held by nobody.
    StoreUnusable
        If the data folder can't be used.
    """
    if settings.store is None:
        return EmbeddedStore.open(settings.data_dir)
    credentials = None
    if settings.store_password is not None:
        credentials = Credentials(settings.store_auth, settings.store_password, settings.store_user or "")
    return RemoteStore(
        Endpoints(settings.store, settings.store_update or settings.store, settings.store_graphs),
        default_graph=settings.store_graph,
        credentials=credentials,
        kept=settings.base == "graph",
        max_rows=settings.store_max_rows,
        timeout_s=REMOTE_TIMEOUT_S,
    )

"""What the views share: the settings, the store and the metrics, held by the app and by nothing else."""

import threading
from dataclasses import dataclass
from typing import cast

from flask import current_app

from kg.config import Settings
from kg.services.saved import Shelf
from kg.store.protocol import Store
from kg.web.metrics import Metrics


@dataclass(frozen=True, slots=True)
class State:
    """The parts that a view works with.

    Attributes
    ----------
    evaluations
        Held by each answer of ``/sparql`` until it is sent: queries never take the last two of the server's threads,
        so that pages and health are answered however slow the queries are.
    shelf
        What readers save.
    """

    settings: Settings
    store: Store
    metrics: Metrics
    evaluations: threading.BoundedSemaphore
    shelf: Shelf


def state() -> State:
    """Return the state of the app that answers the current request."""
    return cast(State, current_app.extensions["kg"])

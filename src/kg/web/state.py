"""What the views share: the settings, the store and the metrics, held by the app and by nothing else."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from kg.config import Settings
from kg.store.protocol import Store
from kg.web.metrics import Metrics


@dataclass(frozen=True, slots=True)
class State:
    """The parts that a view works with."""

    settings: Settings
    store: Store
    metrics: Metrics


def state() -> State:
    """Return the state of the app that answers the current request."""
    return cast(State, current_app.extensions["kg"])

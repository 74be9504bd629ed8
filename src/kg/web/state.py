"""What the views share: the settings, the store and the metrics, held by the app and by nothing else."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from kg.config import Settings
from kg.services.saved import Shelf
from kg.store.evaluations import Evaluations
from kg.store.protocol import Store
from kg.web.answers import Answers, KeptAnswer
from kg.web.metrics import Metrics


@dataclass(frozen=True, slots=True)
class State:
    """The parts that a view works with.

    Attributes
    ----------
    queries
        Evaluates readers' queries. It takes fewer at a time than the server has threads, so that pages and health are
        answered however slow the queries are.
    answers
        Results of queries that were asked before.
    shelf
        What readers save.
    """

    settings: Settings
    store: Store
    metrics: Metrics
    queries: Evaluations
    answers: Answers[KeptAnswer]
    shelf: Shelf


def state() -> State:
    """Return the state of the app that answers the current request."""
    return cast(State, current_app.extensions["kg"])

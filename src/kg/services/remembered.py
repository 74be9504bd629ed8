"""Answers that are the same until the store is written to: each is computed once for each version.

Lists and counts of the whole graph cost as much as the graph is large, and every visit to the home page asks for them.
"""

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, overload
from weakref import WeakKeyDictionary

from kg.store.protocol import Reader

P = ParamSpec("P")
R = TypeVar("R")

#: A service that is asked for ever different arguments forgets what it wasn't asked for the longest.
ANSWERS_MAX: Final = 64


Answering = Callable[Concatenate[Reader, P], R]


@overload
def per_version(function: Answering[P, R], /) -> Answering[P, R]: ...


@overload
def per_version(*, answers_max: int) -> Callable[[Answering[P, R]], Answering[P, R]]: ...


def per_version(
    function: Answering[P, R] | None = None, /, *, answers_max: int = ANSWERS_MAX
) -> Answering[P, R] | Callable[[Answering[P, R]], Answering[P, R]]:
    """Remember what a function of a store answers, as long as the store's version stays the same.

    The arguments must be hashable, and callers share the answer: they don't change it.

    Parameters
    ----------
    answers_max
        How many answers for different arguments are kept; the one that wasn't asked for the longest goes first.

    Examples
    --------
    >>> from kg.store.embedded import EmbeddedStore
    >>> asked = []
    >>> @per_version
    ... def count(store):
    ...     asked.append(store.version)
    ...     return len(store.select("SELECT * { ?s ?p ?o }"))
    >>> store = EmbeddedStore.open(None)
    >>> count(store), count(store), len(asked)
    (0, 0, 1)
    >>> _ = store.update("INSERT DATA { <urn:a> <urn:b> 1 }")
    >>> count(store), len(asked)
    (1, 2)
    """
    if function is None:
        return lambda made: _remembering(made, answers_max)
    return _remembering(function, answers_max)


def _remembering(function: Answering[P, R], answers_max: int) -> Answering[P, R]:
    kept: WeakKeyDictionary[Reader, tuple[str, dict[Any, R]]] = WeakKeyDictionary()
    lock = threading.Lock()

    @wraps(function)
    def answer(store: Reader, /, *args: P.args, **kwargs: P.kwargs) -> R:
        version = store.version
        key = (args, tuple(sorted(kwargs.items())))
        with lock:
            known_version, answers = kept.get(store, ("", {}))
            if known_version == version and key in answers:
                # Put last: the first of the dictionary is the one that wasn't asked for the longest.
                answers[key] = answers.pop(key)
                return answers[key]
        # Computed outside the lock: two that ask at once may both compute, and nobody waits for another's query.
        found = function(store, *args, **kwargs)
        with lock:
            known_version, answers = kept.get(store, ("", {}))
            if known_version != version:
                answers = {}
                kept[store] = (version, answers)
            answers.pop(key, None)
            if len(answers) >= answers_max:
                answers.pop(next(iter(answers)))
            answers[key] = found
        return found

    return answer

"""Exit codes: what a script learns of how a command ended."""

from collections.abc import Mapping
from typing import Final

from kg import errors

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
IMPOSSIBLE: Final = 3

EXIT_CODES: Final = (
    "Exit codes: 0 done; 1 the check failed, or nothing was found; 2 the command, a setting or a query is wrong; "
    "3 it can't be done now (store locked, unreadable, service gone)."
)

#: The code of each error; a class that doesn't stand here has its nearest ancestor's.
_CODES: Final[Mapping[type[errors.KGError], int]] = {
    errors.KGError: IMPOSSIBLE,
    errors.NotFound: FAILED,
    errors.ValidationFailed: FAILED,
    errors.ParseFailed: FAILED,
    errors.EvidenceError: FAILED,
    errors.SettingError: USAGE,
    errors.QuerySyntaxError: USAGE,
    errors.QueryRefused: USAGE,
    errors.InvalidTerm: USAGE,
    errors.NotAcceptable: USAGE,
}


def exit_code(error: errors.KGError) -> int:
    """Return the exit code of an error: its own attribute `exit_code`, or the table's.

    >>> exit_code(errors.NotFound("zone", "x"))
    1
    >>> exit_code(errors.StoreLocked("var"))
    3
    """
    own = getattr(error, "exit_code", None)
    if isinstance(own, int):
        return own
    return next(_CODES[cls] for cls in type(error).__mro__ if cls in _CODES)

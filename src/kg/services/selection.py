"""Which facts a reader wants to see: as of a day, of some modalities, of some certainties.

Every view that lists facts takes the same three parameters, ``as-of``, ``modality`` and ``certainty``, and asks this
module alone what they mean: `Selection.holds` for facts at hand, `Selection.sparql_filter` for the store. The two say
the same of every fact (a test holds them together).

Notes
-----
*As of a day.* A fact is left out if, and only if, the graph knows that it wasn't so yet, or was over by then:

1. What looks ahead (expected, target, planned, intended) is always shown, for no document tells when it was planned;
   its own day says when it is to come about.
2. Of the others (actual, underway) the first day is `kg:refersTo`, the day or the last day of the period of a figure;
   else `kg:validFrom`; else the first day of the named period. A fact whose first day is later isn't shown. The last
   day of a year stands for the whole year, as everywhere in the graph: what is dated 2025 is shown from 2025-01-01 on.
3. A fact whose time isn't stated is shown, and so is what has an end alone (`kg:validTo`): silence about a day is no
   reason to hide. `undated` counts them, and pages say how many there are.
4. A fact that a document says has ended on that day or before (`kg:endedOn`) is not shown: the rule of the direct
   triples, with the reader's day in the place of the graph's. `kg:validTo` ends nothing, for a figure of a past period
   stays a figure of that period.

Nothing here asks the clock.
"""

import contextlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final

import pyoxigraph as ox

from kg import paths
from kg.errors import SelectionRefused
from kg.model.vocabulary import KG, SCHEMA, SCHEME, XSD
from kg.services.explore import Fact

#: The codes of the list ``modality``, what has happened first.
MODALITIES: Final = ("actual", "underway", "expected", "target", "planned", "intended")
#: The codes of the list ``certainty``, the firmest first.
CERTAINTIES: Final = ("stated", "inferred", "conjecture")
#: Modalities that say what is to come: no day hides them.
AHEAD: Final = frozenset({"expected", "target", "planned", "intended"})
#: The names of the parameters, in the order in which an address has them.
PARAMETERS: Final = ("as-of", "modality", "certainty")

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_VARIABLE: Final = re.compile(r"[?$]?[A-Za-z][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Selection:
    """What a reader wants to see of the facts; without anything set, all of them.

    Attributes
    ----------
    as_of
        The day, or None for whatever day.
    modalities, certainties
        Codes; an empty set is all of them, and so is a set of all: it is kept empty.
    """

    as_of: date | None = None
    modalities: frozenset[str] = frozenset()
    certainties: frozenset[str] = frozenset()

    @classmethod
    def from_args(cls, arguments: Mapping[str, Any]) -> "Selection":
        """Read a selection from the parameters of an address.

        Parameters
        ----------
        arguments
            Name to value, or to several: what has a ``getlist`` (a request's arguments), a list, or one string with
            commas. Other names are nobody's business here.

        Raises
        ------
        SelectionRefused
            For a day that isn't written YYYY-MM-DD, and for codes that don't exist.

        Examples
        --------
        >>> Selection.from_args({"modality": "planned,intended", "as-of": "2025-06-30"}).parameters()
        [('as-of', '2025-06-30'), ('modality', 'planned'), ('modality', 'intended')]
        >>> bool(Selection.from_args({"q": "x", "as-of": ""}))
        False
        """
        return cls(
            _day(_values(arguments, "as-of")),
            _codes(_values(arguments, "modality"), "modality", MODALITIES),
            _codes(_values(arguments, "certainty"), "certainty", CERTAINTIES),
        )

    def __bool__(self) -> bool:
        """Whether anything may be left out."""
        return bool(self.as_of or self.modalities or self.certainties)

    def parameters(self) -> list[tuple[str, str]]:
        """Return the parameters of an address that asks for this selection, always in the same order."""
        day = [("as-of", self.as_of.isoformat())] if self.as_of else []
        modalities = [("modality", code) for code in MODALITIES if code in self.modalities]
        return [*day, *modalities, *(("certainty", code) for code in CERTAINTIES if code in self.certainties)]

    def holds(self, fact: Fact) -> bool:
        """Say whether a fact is among those that the reader wants to see."""
        if self.as_of is None:
            return self.admits(fact.modality, fact.certainty)
        return self.admits(fact.modality, fact.certainty, first_day(fact), fact.day("endedOn"))

    def admits(self, modality: str, certainty: str, first: date | None = None, ended: date | None = None) -> bool:
        """Say the same of a fact of which no more is at hand than its codes, its first day and the day it ended."""
        if self.modalities and modality not in self.modalities:
            return False
        if self.certainties and certainty not in self.certainties:
            return False
        if self.as_of is None:
            return True
        if ended and ended <= self.as_of:
            return False
        return modality in AHEAD or first is None or first <= self.as_of

    def keep(self, facts: Iterable[Fact]) -> list[Fact]:
        """Return the facts that the reader wants to see, in their order."""
        return [fact for fact in facts if self.holds(fact)]

    def sparql_filter(self, variable: str) -> str:
        """Return the part of a group graph pattern that leaves a variable's selected facts; empty without a selection.

        Parameters
        ----------
        variable
            Name of the variable that is bound to a fact, such as ``fact`` or ``?fact``. Further variables that the part
            uses start with this name and an underscore.

        Examples
        --------
        >>> Selection().sparql_filter("fact")
        ''
        >>> print(Selection(modalities=frozenset({"planned"})).sparql_filter("fact"))
        ?fact <https://w3id.org/zone-kg/ontology#modality> ?fact_modality .
        FILTER(?fact_modality IN (<https://w3id.org/zone-kg/scheme/modality/planned>))
        """
        if not _VARIABLE.fullmatch(variable):
            raise ValueError(f"{variable!r} is no name of a variable")
        name = variable.lstrip("?$")
        lines: list[str] = []
        if self.modalities or self.as_of:
            lines.append(f"?{name} <{KG}modality> ?{name}_modality .")
        if self.modalities:
            lines.append(_in(f"{name}_modality", "modality", [m for m in MODALITIES if m in self.modalities]))
        if self.certainties:
            # What says nothing of its certainty counts as stated, as in `Fact.certainty`.
            lines.append(f"OPTIONAL {{ ?{name} <{KG}certainty> ?{name}_told }}")
            lines.append(f"BIND(COALESCE(?{name}_told, <{SCHEME}certainty/{CERTAINTIES[0]}>) AS ?{name}_certainty)")
            lines.append(_in(f"{name}_certainty", "certainty", [c for c in CERTAINTIES if c in self.certainties]))
        if self.as_of:
            lines += self._as_of_lines(name, self.as_of)
        return "\n".join(lines)

    def _as_of_lines(self, name: str, day: date) -> list[str]:
        optional = [
            f"OPTIONAL {{ ?{name} <{KG}{prop}> ?{name}_{short} }}"
            for prop, short in (
                ("endedOn", "ended"),
                ("refersTo", "refers"),
                ("validFrom", "from"),
                ("period", "period"),
            )
        ]
        until = f'"{day.isoformat()}"^^<{XSD}date>'
        # The last day of the reader's year stands for that year, which has begun.
        year = f'"{day.year:04}-12-31"^^<{XSD}date>'
        ahead = ", ".join(f"<{SCHEME}modality/{code}>" for code in MODALITIES if code in AHEAD)
        later = ", ".join(f"<{iri}>" for iri, start in sorted(periods().items()) if start > day)
        period = f"(!BOUND(?{name}_period) || ?{name}_period NOT IN ({later}))" if later else "true"
        since = f"IF(BOUND(?{name}_from), ?{name}_from <= {until}, {period})"
        begun = f"IF(BOUND(?{name}_refers), ?{name}_refers <= {until} || ?{name}_refers = {year}, {since})"
        return [
            *optional,
            f"FILTER(!BOUND(?{name}_ended) || ?{name}_ended > {until})",
            f"FILTER(?{name}_modality IN ({ahead}) || {begun})",
        ]


def first_day(fact: Fact) -> date | None:
    """Return the first day of a fact as the module's notes define it; None where the graph doesn't know it."""
    if day := fact.day("refersTo"):
        return date(day.year, 1, 1) if (day.month, day.day) == (12, 31) else day
    if day := fact.day("validFrom"):
        return day
    return periods().get(fact.iri_of("period") or "")


def undated(facts: Iterable[Fact]) -> int:
    """Count the facts that a day can't hide because the graph doesn't know when they began."""
    return sum(1 for fact in facts if fact.modality not in AHEAD and first_day(fact) is None)


@cache
def periods() -> Mapping[str, date]:
    """Return the first day of each named period, from the code list that ships with the ontology."""
    triples = ox.parse(path=str(paths.asset("ontology/codelists/period.ttl")), format=ox.RdfFormat.TURTLE)
    return {
        quad.subject.value: date.fromisoformat(quad.object.value)
        for quad in triples
        if quad.predicate.value == f"{SCHEMA}startDate"
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal)
    }


def _values(arguments: Mapping[str, Any], name: str) -> list[str]:
    getlist = getattr(arguments, "getlist", None)
    found = getlist(name) if getlist else arguments.get(name, [])
    listed: Sequence[str] = [found] if isinstance(found, str) else found
    return [part.strip() for value in listed for part in value.split(",") if part.strip()]


def _day(values: Sequence[str]) -> date | None:
    if not values:
        return None
    if len(set(values)) > 1:
        raise SelectionRefused("as-of", ", ".join(values), "one day")
    # The pattern comes first: fromisoformat reads 20250630 and 2025-W26-1 as well.
    if _DAY.fullmatch(values[0]):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(values[0])
    raise SelectionRefused("as-of", values[0], "a day of the calendar written YYYY-MM-DD, such as 2025-06-30")


def _codes(values: Sequence[str], name: str, known: Sequence[str]) -> frozenset[str]:
    for value in values:
        if value not in known:
            raise SelectionRefused(name, value, f"one or more of {', '.join(known)}")
    chosen = frozenset(values)
    return frozenset() if len(chosen) == len(known) else chosen


def _in(variable: str, scheme: str, codes: Sequence[str]) -> str:
    return f"FILTER(?{variable} IN ({', '.join(f'<{SCHEME}{scheme}/{code}>' for code in codes)}))"

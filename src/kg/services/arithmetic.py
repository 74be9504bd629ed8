"""The documents' own arithmetic: parts and sums, growth, and results against targets, checked from their figures.

Notes
-----
No check is written for a figure: all are found by how observations hang together. The level that a change speaks of is
the indicator of the observation that it is compared with, else the one whose code is left without the change's ending
(`reckoning.MOVES`).

========== =============================================================================================
kind       what is compared
========== =============================================================================================
sum        parts (one breakdown each) of one indicator, thing, day, unit and modality, added, with the whole
part       a part with its whole: it can't be larger. The rest is shown as derived
difference a change: level less base, with the change that is reported
growth     level less base, divided by base, with the rate that is reported
compound   base times (1 + rate) to the power of the years, with the level; rate a year
share      a share of a whole: the part isn't reported as a figure, so nothing can be said
target     a result less its target: reached, or how much is wanting
doubt      a figure that the graph marks as doubtful: nothing is computed
========== =============================================================================================

*Verdicts*: ``fits``, ``off`` (it doesn't fit), ``untold`` (it can't be told; `checks.Check.reason` says why), and for
targets ``reached`` and ``short``.

*Tolerance.* Figures are intervals (`kg.services.span`). An exact count is itself. A measured amount, and a rate that
is reported (and not set as a target), may be rounded: half a unit of its last digit that isn't 0 either way. At least,
at most and ranges are open or closed intervals; about (约) says no bound, and nothing can be told by it. A computed
count may be rounded to the whole number above or below. A check fits if the reported interval holds the computed one,
or they meet where both are closed; it is off if they don't meet; else it can't be told.

*Which figures.* Those of the zone and of what belongs to it; and, besides, those of things in no zone that the zone's
documents report, such as its county or a pasture that a firm of the zone supports: `Checks.own` tells them apart.

*Modality.* What is compared has the modality of the figure that is checked; a base may have another, and then the check
says so (`mixed`). Targets are compared with results on purpose. What is expected never stands in for what is actual.

What is short of a whole isn't called wrong, for nobody says that the parts are all: ``untold``, by `partial`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pyoxigraph import NamedNode

from kg import paths
from kg.services import explore, links
from kg.services.checks import Check
from kg.services.reckoning import check
from kg.services.remembered import per_version
from kg.store.protocol import Reader


@dataclass(frozen=True)
class Checks:
    """The checks of a zone, the zone's own figures first, then thing by thing.

    Attributes
    ----------
    members
        The zone and what belongs to it.
    names
        Labels of what the checks name.
    """

    checks: Sequence[Check]
    members: frozenset[str] = frozenset()
    names: explore.Names = field(default_factory=explore.Names)

    def own(self, check: Check) -> bool:
        """Say whether a check is about the zone or what belongs to it; else its documents report it beside."""
        return check.about in self.members

    def count(self) -> dict[str, int]:
        """Count the checks by verdict."""
        return dict(Counter(check.verdict for check in self.checks))


@per_version
def checks(store: Reader, zone: str) -> Checks:
    """Check the figures of a zone and of what belongs to it.

    Parameters
    ----------
    zone
        IRI of the zone; `links.Links.zones` says what belongs to it. Of an entity that is no zone, its own figures.
    """
    known = links.read(store)
    members = known.zones.get(zone, frozenset({zone}))
    observed = members | _beside(store, known, zone)
    rows = store.select(
        paths.query("arithmetic/observations.rq"), {"abouts": [NamedNode(iri) for iri in sorted(observed)]}
    )
    found = check(explore.facts_from(store, rows))
    names = explore.Names().load(store, explore.named_in(fact for c in found for fact in c.used) | {zone})
    order = sorted(found, key=lambda c: (c.about != zone, c.about not in members, c.about))
    return Checks(order, members, names)


def _beside(store: Reader, known: links.Links, zone: str) -> frozenset[str]:
    """Return what belongs to no zone and the zone's documents report figures of."""
    documents = links.documents_of(link for link in known.links if zone in {link.source, link.target})
    if not documents:
        return frozenset()
    rows = store.select(paths.query("arithmetic/reported.rq"), {"documents": [NamedNode(iri) for iri in documents]})
    placed = {iri for members in known.zones.values() for iri in members}
    return frozenset(iri for row in rows if (iri := explore.iri_in(row, "about")) not in placed)

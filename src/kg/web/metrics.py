"""Metrics: counters and histograms in a registry of their own, one for each app."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """What ``/metrics`` shows. Labels come from route patterns and fixed words, never from what a client sends."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._forms: dict[str, Counter] = {}
        #: The version of the store whose triples were counted last.
        self.counted = ""
        self.requests = Counter(
            "kg_http_requests_total",
            "Answered requests by route pattern, method and status.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "kg_http_request_seconds",
            "Seconds from a request's arrival to the head of its answer, by route pattern.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.queries = Counter(
            "kg_sparql_queries_total",
            "SPARQL queries that were answered, by form.",
            ("form",),
            registry=self.registry,
        )
        self.broken = Counter(
            "kg_sparql_results_broken_total",
            "Results that failed after their first part had been sent.",
            registry=self.registry,
        )
        self.triples = Gauge(
            "kg_store_triples",
            "Triples that are loaded, by part of the dataset.",
            ("part",),
            registry=self.registry,
        )
        self.base = Gauge(
            "kg_base_info",
            "1, with the version of the loaded base and the version of the store as labels.",
            ("base", "store"),
            registry=self.registry,
        )

    def count_query(self, form: str) -> None:
        """Count an answered query."""
        if (known := self._forms.get(form)) is None:
            known = self._forms[form] = self.queries.labels(form)
        known.inc()

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        key = (route, method, status)
        if (known := self._children.get(key)) is None:
            # Looking a child up by its labels costs ten times what counting does. Two threads find the same one.
            known = self._children[key] = self.requests.labels(*key), self.seconds.labels(route)
        requests, histogram = known
        requests.inc()
        histogram.observe(seconds)

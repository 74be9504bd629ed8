"""The view of a zone on the shipped graph: ladder, funds with their true status, partners, times, and the selection."""

from datetime import date

import pytest

from kg.errors import NotFound, SelectionRefused
from kg.model.label import local_name
from kg.services import zone_comparison, zone_view
from kg.services.selection import Selection
from kg.services.zone_view import STAGES, ZoneView
from kg.store.embedded import EmbeddedStore

DATONG, GAOPING = "datongjingkaiqu-128d2e33", "gaopingjingkaiqu-71d87f39"
SHANGDANG, SHENCHI = "shangdangjingkaiqu-7c6d580c", "shenchishifanqu-dbef05ae"


@pytest.fixture(scope="module")
def shangdang(store: EmbeddedStore) -> ZoneView:
    return zone_view.zone(store, SHANGDANG)


def label(view: ZoneView, iri: str | None) -> str:
    return view.names[iri or ""].label("zh").text


def test_the_stages_are_those_of_the_code_list(store: EmbeddedStore) -> None:
    rows = store.select(
        "PREFIX kg: <https://w3id.org/zone-kg/ontology#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>"
        "SELECT ?c { ?c skos:inScheme <https://w3id.org/zone-kg/scheme/project-stage> ; kg:order ?o } ORDER BY ?o"
    )
    assert tuple(local_name(str(row["c"]).strip("<>")) for row in rows) == STAGES


def test_counts_and_amounts_stand_at_their_stage(shangdang: ZoneView) -> None:
    told = {
        r.stage: ([str(f.number("value")) for f in r.counts], [str(f.number("value")) for f in r.amounts])
        for r in shangdang.ladder()
        if r.counts or r.amounts
    }
    assert told == {
        "reserve": ([], ["40000000000"]),
        "signed": (["36", "7"], ["9495000000"]),
        "construction": (["22"], ["2436000000"]),
        "production": (["9"], ["1208000000"]),
    }
    assert not next(r for r in shangdang.ladder() if r.stage == "reserve").firm
    assert [r.stage for r in shangdang.ladder()] == list(STAGES)


def test_a_project_stands_once_at_the_last_stage_it_has_reached(shangdang: ZoneView) -> None:
    named = [(label(shangdang, f.iri_of("project")), r.stage) for r in shangdang.ladder() for f in r.projects]
    assert len(named) == len({project for project, _ in named})
    assert ("雅美包装智能化软包装生产线项目", "construction") in named
    assert not {label(shangdang, i) for i in shangdang.stageless()} & {project for project, _ in named}


def test_funds_have_their_true_status_and_scope(store: EmbeddedStore, shangdang: ZoneView) -> None:
    told = {label(shangdang, h.iri): (h.own, h.state) for h in shangdang.funds()}
    assert told["上党经开区私募基金"] == (True, "established")
    assert told["上党经开区产业引导基金"] == (True, "pending")
    assert told["上党区产业引导基金"] == (False, "established")
    datong = zone_view.zone(store, DATONG)
    assert {label(datong, h.iri): h.state for h in datong.funds()} == {"大同中关村基金": "pending"}


def test_platforms_that_only_apply_or_prepare_are_not_there_yet(store: EmbeddedStore) -> None:
    datong = zone_view.zone(store, DATONG)
    told = {label(datong, h.iri): h.state for h in datong.platforms()}
    assert told["晋创谷·大同"] == "established"
    assert told["联轴器工程研究中心(巴什卡)"] == "established"
    for name in ("京东科技孵化器(申报中)", "省重点实验室(巴什卡、山西大学申报)", "生物医药与健康山西省实验室"):
        assert told[name] == "pending", name


def test_partners_are_outside(shangdang: ZoneView) -> None:
    partners = {p.iri for p in shangdang.partners()}
    assert partners
    assert not partners & {shangdang.iri, *shangdang.inside}
    names = {label(shangdang, iri) for iri in partners}
    assert {"三帝科技", "中科慧拓"} <= names


def test_the_timeline_is_in_order_and_has_every_dated_fact(shangdang: ZoneView) -> None:
    years = [year for year, _ in shangdang.timeline()]
    assert years == sorted(set(years))
    placed = [f.iri for _, facts in shangdang.timeline() for f in facts]
    dated = [f.iri for f in shangdang.facts if any(f.day(n) for n in ("refersTo", "validFrom", "validTo"))]
    assert len(placed) == len(set(placed))
    assert set(dated) <= set(placed)


def test_industries_are_linked_by_statements_of_the_zone(shangdang: ZoneView) -> None:
    found = zone_view.sectors(shangdang)
    assert found
    assert {f.subject for _, facts in found for f in facts} == {shangdang.iri}


@pytest.mark.parametrize(
    "chosen",
    [
        Selection(modalities=frozenset({"planned"})),
        Selection(certainties=frozenset({"stated"})),
        Selection(as_of=date(2024, 12, 31)),
    ],
)
def test_every_part_of_the_view_keeps_to_the_selection(store: EmbeddedStore, chosen: Selection) -> None:
    everything, view = zone_view.zone(store, SHANGDANG), zone_view.zone(store, SHANGDANG, chosen)
    assert {f.iri for f in view.facts} == {f.iri for f in chosen.keep(everything.facts)}
    assert 0 < len(view.facts) < len(everything.facts)
    parts = [
        *(f for r in view.ladder() for f in (*r.counts, *r.amounts, *r.projects)),
        *(f for h in (*view.platforms(), *view.funds()) for f in h.facts),
        *(f for p in view.partners() for f in p.facts),
        *(f for _, facts in view.timeline() for f in facts),
        *(f for s in view.own() for f in s.facts),
    ]
    assert all(chosen.holds(fact) for fact in parts)


def test_an_unknown_zone_is_not_found(store: EmbeddedStore) -> None:
    with pytest.raises(NotFound):
        zone_view.zone(store, "none")


# --- side by side -----------------------------------------------------------------------------------------------------


def test_zones_are_compared_on_what_they_share_with_what_keeps_them_apart(store: EmbeddedStore) -> None:
    found = zone_comparison.compare(store, [GAOPING, SHANGDANG, SHENCHI])
    shared = {local_name(line.indicator): line for line in found.shared}
    assert shared["annual-capacity"].caveats[:2] == ["scope", "modality"]
    assert shared["annual-capacity"].bars == []
    jobs = shared["jobs"]
    assert "scope" in jobs.caveats
    assert jobs.bars == [], "a county's figure and a zone's never share a chart"
    assert all(line.definitions for line in found.shared)
    assert found.hidden == 0
    assert {GAOPING, SHANGDANG, SHENCHI} == {iri.rpartition("/")[2] for iri in found.zones}
    alone = {local_name(line.indicator) for lines in found.alone.values() for line in lines}
    assert "signed-projects" in alone
    assert not alone & set(shared)


def test_a_chart_needs_one_scope_one_modality_and_one_unit(comparable: EmbeddedStore) -> None:
    found = zone_comparison.compare(comparable, ["a-1", "b-1", "c-1"])
    lines = {local_name(line.indicator): line for line in found.shared}
    (bars,) = lines["firms"].bars
    assert (bars.scope, bars.modality, bars.same_time) == ("DevelopmentZone", "actual", False)
    told = {zone.rpartition("/")[2]: str(fact.number("value")) for zone, fact in bars.facts.items()}
    assert told == {"a-1": "12", "b-1": "20"}
    assert lines["area"].bars == []
    assert "modality" in lines["area"].caveats
    assert lines["sheep"].bars == []
    assert "part" in lines["sheep"].caveats


@pytest.fixture(scope="module")
def comparable() -> EmbeddedStore:
    lines = [
        "@prefix kg: <https://w3id.org/zone-kg/ontology#> .",
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .",
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .",
        "@base <https://w3id.org/zone-kg/> .",
        *(f'<id/zone/{z}-1> a kg:DevelopmentZone ; skos:prefLabel "{z}区"@zh .' for z in "abc"),
    ]
    facts = [
        ("a", "firms", "10", "actual", "2023-12-31", ""),
        ("a", "firms", "12", "actual", "2024-12-31", ""),
        ("b", "firms", "20", "actual", "2025-12-31", ""),
        ("c", "firms", "30", "target", "2025-12-31", ""),
        ("a", "area", "5", "actual", "2024-12-31", ""),
        ("b", "area", "6", "planned", "2024-12-31", ""),
        ("a", "sheep", "7", "actual", "2024-12-31", "black"),
        ("b", "sheep", "8", "actual", "2024-12-31", ""),
    ]
    for n, (zone, indicator, value, modality, day, part) in enumerate(facts):
        lines.append(
            f"<id/obs/o-{n}> a kg:IndicatorObservation ; kg:about <id/zone/{zone}-1> ;"
            f" kg:indicator <scheme/indicator/{indicator}> ; kg:value {value} ; kg:unit <unit/jia> ;"
            f' kg:modality <scheme/modality/{modality}> ; kg:refersTo "{day}"^^xsd:date'
            + (f" ; kg:breakdown <scheme/breakdown/{part}> ." if part else " .")
        )
    store = EmbeddedStore.open(None)
    store.load_graph(None, "\n".join(lines).encode(), "text/turtle", replace=False)
    return store


def test_four_zones_fit_and_five_do_not() -> None:
    assert zone_comparison.parse(["a,b", "a", "c", "d"]) == ["a", "b", "c", "d"]
    with pytest.raises(SelectionRefused):
        zone_comparison.parse(["a,b,c,d,e"])

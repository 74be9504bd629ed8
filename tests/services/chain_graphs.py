"""Graphs of chains for tests: small ones by hand, and any number made by a seed."""

import random
from collections.abc import Sequence

from kg.store.embedded import EmbeddedStore

PREFIXES = """
@prefix kg: <https://w3id.org/zone-kg/ontology#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@base <https://w3id.org/zone-kg/> .
"""
MODALITIES = ("actual", "underway", "expected", "target", "planned", "intended")
CERTAINTIES = ("stated", "inferred", "conjecture")
CLASSES = {
    "enterprise": "Enterprise",
    "university": "University",
    "project": "Project",
    "platform": "Platform",
    "fund": "Fund",
    "product": "Product",
    "facility": "Facility",
}
#: A chain of two zones and four stages, one of them silent; every lane but funds has a box.
TWO_ZONES = """
<id/zone/east> a kg:DevelopmentZone ; skos:prefLabel "东区"@zh , "East"@en .
<id/zone/west> a kg:DevelopmentZone ; skos:prefLabel "西区"@zh , "West"@en .
<id/chain/c> a kg:IndustryChain ; skos:prefLabel "玻璃链"@zh , "Glass"@en ; kg:followsTemplate <id/template/t> .
<id/template/t> a kg:ChainTemplate ; kg:hasStage <id/stage/1>, <id/stage/2>, <id/stage/3>, <id/stage/4> .
<id/stage/1> a kg:TemplateStage ; kg:order 1 ; kg:stage <scheme/chain-stage/upstream> ; skos:prefLabel "原料"@zh .
<id/stage/2> a kg:TemplateStage ; kg:order 2 ; kg:stage <scheme/chain-stage/midstream> ; skos:prefLabel "熔制"@zh .
<id/stage/3> a kg:TemplateStage ; kg:order 3 ; kg:stage <scheme/chain-stage/midstream> ; skos:prefLabel "成型"@zh .
<id/stage/4> a kg:TemplateStage ; kg:order 4 ; kg:stage <scheme/chain-stage/downstream> ; skos:prefLabel "应用"@zh .
<id/segment/melt> a kg:ChainSegment ; kg:fillsStage <id/stage/2> ; kg:stage <scheme/chain-stage/midstream> ;
    skos:prefLabel "玻璃熔制"@zh .
<id/segment/form> a kg:ChainSegment ; kg:fillsStage <id/stage/3> ; kg:stage <scheme/chain-stage/midstream> ;
    skos:prefLabel "玻璃成型"@zh .
<id/segment/use> a kg:ChainSegment ; kg:fillsStage <id/stage/4> ; kg:stage <scheme/chain-stage/downstream> ;
    skos:prefLabel "玻璃应用"@zh .
<id/enterprise/e> a kg:Enterprise ; skos:prefLabel "东玻"@zh ; kg:inZone <id/zone/east> .
<id/enterprise/w> a kg:Enterprise ; skos:prefLabel "西玻"@zh ; kg:inZone <id/zone/west> .
<id/project/p> a kg:Project ; skos:prefLabel "二期项目"@zh ; kg:inZone <id/zone/east> .
<id/university/u> a kg:University ; skos:prefLabel "某大学"@zh .
<id/product/g> a kg:Product ; skos:prefLabel "玻璃"@zh .
<id/platform/f> a kg:Platform ; skos:prefLabel "中试平台"@zh ; kg:inZone <id/zone/west> .
<id/role/1> a kg:ChainRole ; kg:chain <id/chain/c> ; kg:member <id/enterprise/e> ;
    kg:chainRole <scheme/chain-role/leader> ; kg:modality <scheme/modality/actual> ; kg:evidence <id/ev/d-1-2> .
<id/investment/1> a kg:Investment ; kg:target <id/project/p> ; kg:amount 690000000 ;
    kg:modality <scheme/modality/planned> ; kg:evidence <id/ev/d-1-2> .
<id/document/d> a kg:NewsArticle ; skos:prefLabel "一篇报道"@zh .
<id/ev/d-1-2> a kg:Evidence ; kg:source <id/document/d> ; kg:charStart 1 ; kg:charEnd 2 ; kg:paragraph 1 .
"""
TWO_ZONES_CLAIMS = (
    ("zone/east", "hasChain", "chain/c", "actual"),
    ("zone/west", "hasChain", "chain/c", "actual"),
    ("chain/c", "hasSegment", "segment/melt", "actual"),
    ("chain/c", "hasSegment", "segment/form", "actual"),
    ("chain/c", "hasSegment", "segment/use", "actual"),
    ("segment/melt", "precedes", "segment/form", "actual"),
    ("segment/form", "precedes", "segment/use", "actual"),
    ("enterprise/e", "inSegment", "segment/melt", "actual"),
    ("enterprise/w", "inSegment", "segment/form", "actual"),
    ("enterprise/e", "inSegment", "segment/form", "planned"),
    ("project/p", "inSegment", "segment/form", "planned"),
    ("university/u", "inSegment", "segment/melt", "underway"),
    ("platform/f", "inSegment", "segment/use", "actual"),
    ("segment/melt", "hasOutput", "product/g", "actual"),
    ("segment/form", "hasInput", "product/g", "actual"),
)


def claim(
    name: str, subject: str, predicate: str, target: str, modality: str = "actual", certainty: str = "stated"
) -> str:
    """Return a statement with its manner."""
    return (
        f"<id/claim/{name}> a kg:Claim ; rdf:subject <id/{subject}> ; rdf:predicate kg:{predicate} ; "
        f"rdf:object <id/{target}> ; kg:modality <scheme/modality/{modality}> ; "
        f"kg:certainty <scheme/certainty/{certainty}> ; kg:evidence <id/ev/d-1-2> ."
    )


def load(store: EmbeddedStore, *statements: str) -> None:
    """Load statements in place of what the default graph holds."""
    store.load_graph(None, (PREFIXES + "\n".join(statements)).encode(), "text/turtle", replace=True)


def two_zones(store: EmbeddedStore) -> None:
    """Load the chain of two zones."""
    load(store, TWO_ZONES, *(claim(f"t{n}", *parts) for n, parts in enumerate(TWO_ZONES_CLAIMS)))


def made(store: EmbeddedStore, boxes: int, *, seed: int = 1, stages: int = 6, labels: Sequence[str] = ()) -> None:
    """Load a chain with a number of boxes, spread over stages, classes, zones, modalities and certainties by a seed."""
    chance = random.Random(seed)
    lines = ['<id/chain/c> a kg:IndustryChain ; skos:prefLabel "链"@zh .']
    lines += [f'<id/zone/z{n}> a kg:DevelopmentZone ; skos:prefLabel "{n}区"@zh .' for n in range(3)]
    lines.append('<id/document/d> a kg:NewsArticle ; skos:prefLabel "报道"@zh .')
    lines.append("<id/ev/d-1-2> a kg:Evidence ; kg:source <id/document/d> ; kg:charStart 1 ; kg:charEnd 2 .")
    positions = ("upstream", "upper-midstream", "midstream", "midstream", "lower-midstream", "downstream")
    for n in range(stages):
        position = positions[n * len(positions) // stages]
        lines.append(f"<id/segment/s{n}> a kg:ChainSegment ; kg:stage <scheme/chain-stage/{position}> ;")
        lines.append(f'  skos:prefLabel "第{n}环"@zh .')
        lines.append(claim(f"h{n}", "chain/c", "hasSegment", f"segment/s{n}"))
        if n:
            lines.append(claim(f"p{n}", f"segment/s{n - 1}", "precedes", f"segment/s{n}"))
    for n in range(boxes):
        kind = chance.choice(list(CLASSES))
        label = labels[n % len(labels)] if labels else f"第{n}号实体"
        quoted = label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
        lines.append(f'<id/{kind}/b{n}> a kg:{CLASSES[kind]} ; skos:prefLabel "{quoted}"@zh .')
        if chance.random() < 0.6:
            lines.append(f"<id/{kind}/b{n}> kg:inZone <id/zone/z{chance.randrange(3)}> .")
        manner = chance.choice(MODALITIES), chance.choice(CERTAINTIES)
        stage = f"segment/s{n % stages}"
        predicate = chance.choice(("inSegment", "inSegment", "hasInput", "hasOutput"))
        ends = (f"{kind}/b{n}", stage) if predicate == "inSegment" else (stage, f"{kind}/b{n}")
        lines.append(claim(f"b{n}", ends[0], predicate, ends[1], *manner))
    load(store, *lines)

"""Zone graphs of any size for benchmarks and sieges: the same ones for the same size and seed, as N-Triples.

They have the shape of the shipped graph: zones with chains whose segments follow one another, enterprises that settle,
produce and supply, and for each link a claim with its modality, certainty and evidence. Degrees are uneven as real ones
are: a new supplier's customer is drawn from the ends of earlier links, so those who have many get more, and products
are drawn by rank. Names are made of characters that company names are made of; none of them is meant.

    python tests/bench/generator.py 1000000 > graph.nt
"""

import random
import sys
from collections.abc import Iterator
from hashlib import sha256
from itertools import accumulate, count, islice

ID = "https://w3id.org/zone-kg/id/"
KG = "https://w3id.org/zone-kg/ontology#"
SCHEME = "https://w3id.org/zone-kg/scheme/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
XSD = "http://www.w3.org/2001/XMLSchema#"

_CHARACTERS = "晋鸿泰恒瑞华盛源丰裕锦安康达远宏博信诚兴隆天地云海星辰光辉金玉松柏青岚同和德润嘉禾立新创智捷启明"
_TRADES = ("新材料", "生物医药", "装备制造", "信息技术", "新能源", "食品", "环保", "光电", "化工", "物流")
_GOODS = ("微球", "支架", "电机", "轴承", "薄膜", "酶制剂", "传感器", "杂粮", "阀门", "药片", "车架", "芯片")
_STEPS = ("原料", "制备", "加工", "装配", "检测", "应用", "回收", "服务")
_MODALITIES, _WEIGHTS = ("actual", "planned", "target", "underway"), (80, 10, 5, 5)
_PRODUCTS = 4_000
_ACROSS = 0.15
_BY_DEGREE = 0.5
_REMEMBERED_ENDS = 20_000


def lines(triples: int, seed: int = 1) -> Iterator[str]:
    """Yield so many lines of N-Triples, each a triple."""
    return islice(_Maker(seed).everything(), triples)


class _Maker:
    """Makes one zone after another."""

    def __init__(self, seed: int) -> None:
        self._chosen = random.Random(seed)
        self._ends: list[str] = []
        self._ranks = list(accumulate(1 / (rank + 5) for rank in range(_PRODUCTS)))
        self._named: set[int] = set()
        self._passages: set[str] = set()
        self._claims = 0

    def everything(self) -> Iterator[str]:
        for number in count(1):
            yield from self._zone(number)

    def _zone(self, number: int) -> Iterator[str]:
        chosen = self._chosen
        zone, document = f"zone/made-{number}", f"document/made-{number}"
        self._passages.clear()
        yield from _thing(zone, "DevelopmentZone", f"{self._name(2)}经济技术开发区", f"Made-up zone {number}")
        yield from _thing(document, "NewsArticle", f"{self._name(2)}开发区纪事", f"Made-up article {number}")
        yield _value(document, "charCount", str(2_000), "integer")
        segments: list[str] = []
        for chain_number in range(chosen.randint(2, 5)):
            chain = f"chain/made-{number}-{chain_number}"
            yield from _thing(
                chain, "IndustryChain", f"{self._name(2)}{chosen.choice(_TRADES)}产业链", f"Chain {chain}"
            )
            yield from self._fact(zone, "hasChain", chain, document)
            before = ""
            for step in range(chosen.randint(4, len(_STEPS))):
                segment = f"segment/made-{number}-{chain_number}-{step}"
                yield from _thing(segment, "ChainSegment", f"{self._name(1)}{_STEPS[step]}", f"Segment {segment}")
                yield from self._fact(chain, "hasSegment", segment, document)
                if before:
                    yield from self._fact(before, "precedes", segment, document)
                segments.append(segment)
                before = segment
        # A few zones have many enterprises, and most of them few.
        own: list[str] = []
        for member in range(min(400, 10 + int(chosen.paretovariate(1.2) * 8))):
            enterprise = f"enterprise/made-{number}-{member}"
            yield from self._enterprise(enterprise, zone, document, chosen.choice(segments), own)
            own.append(enterprise)
        for observation in range(chosen.randint(5, 25)):
            yield from self._observation(f"obs/made-{number}-{observation}", zone, document)

    def _enterprise(self, enterprise: str, zone: str, document: str, segment: str, own: list[str]) -> Iterator[str]:
        chosen = self._chosen
        trade = chosen.choice(_TRADES)
        name = self._name(2)
        yield from _thing(enterprise, "Enterprise", f"{name}{trade}", f"Made-up {enterprise.partition('/')[2]}")
        yield f'{_id(enterprise)} <{KG}fullName> "{name}{trade}有限公司"@zh .\n'
        yield from self._fact(enterprise, "inZone", zone, document)
        yield from self._fact(enterprise, "inSegment", segment, document)
        for rank in sorted(set(chosen.choices(range(_PRODUCTS), cum_weights=self._ranks, k=self._few(1.5, 6)))):
            product = f"product/made-{rank}"
            if rank not in self._named:
                self._named.add(rank)
                yield from _thing(product, "Product", f"{self._name(1)}{_GOODS[rank % 12]}{rank}", f"Product {rank}")
            yield from self._fact(enterprise, "produces", product, document)
        customers: dict[str, None] = {}
        for _ in range(self._few(1.3, 12) - 1):
            everywhere = not own or chosen.random() < _ACROSS
            if pool := self._ends if everywhere or chosen.random() < _BY_DEGREE else own:
                customers[chosen.choice(pool)] = None
        for customer in customers:
            yield from self._fact(enterprise, "suppliesTo", customer, document)
            self._ends += (enterprise, customer)
        if len(self._ends) > _REMEMBERED_ENDS:
            del self._ends[: _REMEMBERED_ENDS // 2]

    def _few(self, steepness: float, most: int) -> int:
        return min(most, int(self._chosen.paretovariate(steepness)))

    def _fact(self, subject: str, predicate: str, target: str, document: str) -> Iterator[str]:
        """A link, and the claim that says where it comes from."""
        self._claims += 1
        claim = f"claim/made-{self._claims}"
        yield f"{_id(subject)} <{KG}{predicate}> {_id(target)} .\n"
        yield f"{_id(claim)} <{RDF}type> <{KG}Claim> .\n"
        yield f"{_id(claim)} <{RDF}subject> {_id(subject)} .\n"
        yield f"{_id(claim)} <{RDF}predicate> <{KG}{predicate}> .\n"
        yield f"{_id(claim)} <{RDF}object> {_id(target)} .\n"
        yield from self._source(claim, document)

    def _observation(self, observation: str, zone: str, document: str) -> Iterator[str]:
        chosen = self._chosen
        yield f"{_id(observation)} <{RDF}type> <{KG}IndicatorObservation> .\n"
        yield f"{_id(observation)} <{KG}about> {_id(zone)} .\n"
        yield f"{_id(observation)} <{KG}indicator> <{SCHEME}indicator/made-{chosen.randint(1, 40)}> .\n"
        yield _value(observation, "value", f"{chosen.lognormvariate(3, 2):.2f}", "decimal")
        yield _value(observation, "refersTo", f"{chosen.randint(2018, 2025)}-12-31", "date")
        yield from self._source(observation, document)

    def _source(self, fact: str, document: str) -> Iterator[str]:
        chosen = self._chosen
        modality = chosen.choices(_MODALITIES, _WEIGHTS)[0]
        yield f"{_id(fact)} <{KG}modality> <{SCHEME}modality/{modality}> .\n"
        yield f"{_id(fact)} <{KG}certainty> <{SCHEME}certainty/stated> .\n"
        start = chosen.randint(0, 1_900)
        evidence = f"ev/{document.partition('/')[2]}-{start}"
        yield f"{_id(fact)} <{KG}evidence> {_id(evidence)} .\n"
        # Two facts may rest on the same passage.
        if evidence in self._passages:
            return
        self._passages.add(evidence)
        yield f"{_id(evidence)} <{RDF}type> <{KG}Evidence> .\n"
        yield f"{_id(evidence)} <{KG}source> {_id(document)} .\n"
        yield _value(evidence, "charStart", str(start), "integer")
        yield _value(evidence, "charEnd", str(start + 12), "integer")
        yield f'{_id(evidence)} <{KG}spanSha256> "{sha256(evidence.encode()).hexdigest()}" .\n'

    def _name(self, length: int) -> str:
        return "".join(self._chosen.choices(_CHARACTERS, k=length))


def _id(name: str) -> str:
    return f"<{ID}{name}>"


def _thing(name: str, kind: str, zh: str, en: str) -> Iterator[str]:
    yield f"{_id(name)} <{RDF}type> <{KG}{kind}> .\n"
    yield f'{_id(name)} <{SKOS}prefLabel> "{zh}"@zh .\n'
    yield f'{_id(name)} <{SKOS}prefLabel> "{en}"@en .\n'


def _value(subject: str, predicate: str, text: str, datatype: str) -> str:
    return f'{_id(subject)} <{KG}{predicate}> "{text}"^^<{XSD}{datatype}> .\n'


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.writelines(lines(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))

"""Search over a million generated labels: times for each kind of query, beside SQLite FTS5 and a plain scan.

Prints the median and the 95th percentile of each kind, the median of the peers as ratios, how often the name that a
query was made from is among the hits, and what the index costs. What the search finds for parts of names is compared
with the scan before anything is timed. Ends with 1 if a bar is missed: a 95th percentile above 50 ms, a result that
differs, or names that aren't found again.

    make bench                      # or: python tests/bench/search.py 100000
"""

import itertools
import random
import re
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from kg.services import pinyin
from kg.services.folding import fold
from kg.services.search import prepare, search
from kg.store.protocol import Result

LABELS = 1_000_000
QUERIES = 60
LIMIT = 20
MOST_MS = 50.0
#: Kinds that say so much of a name that it must be among the first hits, for at least this share of the queries.
MEANT = {
    "whole name": 1.0,
    "initials, whole": 0.9,
    "syllables": 0.9,
    "mixed": 0.9,
    "same sound": 0.9,
    "typing error": 0.9,
    "typing error, latin": 0.9,
    "respelt": 0.7,
}
#: Kinds that the peers can answer too.
PARTS = ("1 character", "2 characters", "4 characters", "common part", "whole name", "latin part")

PLACES = [
    "山西",
    "大同",
    "上党",
    "高平",
    "神池",
    "长治",
    "晋城",
    "太原",
    "忻州",
    "朔州",
    "阳泉",
    "吕梁",
    "运城",
    "临汾",
    "晋中",
    "平遥",
    "介休",
    "孝义",
    "河津",
    "永济",
]
TRADES = [
    "科技",
    "新材料",
    "新能源",
    "装备制造",
    "生物医药",
    "食品",
    "农业",
    "化工",
    "环保",
    "信息技术",
    "智能装备",
    "光电",
    "电子",
    "机械",
    "物流",
    "建设",
    "文化旅游",
    "煤业",
]
FORMS = [
    "有限公司",
    "有限责任公司",
    "股份有限公司",
    "集团有限公司",
    "研究院",
    "产业园",
    "项目",
    "平台",
    "基金",
    "合作社",
]
WORDS = [
    "Shanxi",
    "Datong",
    "new",
    "energy",
    "materials",
    "technology",
    "park",
    "equipment",
    "zone",
    "high",
    "industry",
    "development",
    "company",
]
PREFIX = "https://w3id.org/zone-kg/"
HEAD = "?resource\t?class\t?property\t?label\t?facts\n"


def labels(count: int) -> Iterator[tuple[str, str]]:
    """Yield labels and their languages: companies, short names, random ones, English ones; the same ones each time."""
    chosen = random.Random(7)
    characters = [chr(code) for code in range(0x4E00, 0x9FA6) if pinyin.readings(chr(code))]
    chosen.shuffle(characters)
    characters = characters[:3000]
    weights = list(itertools.accumulate(1 / (rank + 20) for rank in range(len(characters))))

    def some(least: int, most: int) -> str:
        return "".join(chosen.choices(characters, cum_weights=weights, k=chosen.randint(least, most)))

    for _ in range(count):
        kind = chosen.random()
        if kind < 0.6:
            yield chosen.choice(PLACES) + some(2, 3) + chosen.choice(TRADES) + chosen.choice(FORMS), "zh"
        elif kind < 0.8:
            yield some(2, 3) + chosen.choice(TRADES), "zh"
        elif kind < 0.9:
            yield some(4, 14), "zh"
        else:
            own = "".join(chosen.choice("bcdfghklmnprst") + chosen.choice("aeiou") for _ in range(chosen.randint(2, 4)))
            yield " ".join([own.title(), *chosen.choices(WORDS, k=chosen.randint(1, 4))]), "en"


class Graph:
    """As much of a store as the search reads: names, each with a number of facts, as a query gives them."""

    def __init__(self, names: list[tuple[str, str]]) -> None:
        self.version = "1"
        self._names = names

    def query(self, _operation: str, media_type: str) -> Result:
        """Answer the one question, what the names are."""
        return Result("select", media_type, self._rows())

    def _rows(self) -> Iterator[bytes]:
        yield HEAD.encode("ascii")
        for start in range(0, len(self._names), 5000):
            yield "".join(
                f"<{PREFIX}id/enterprise/{number}>\t<{PREFIX}ontology#Enterprise>\t"
                f'<http://www.w3.org/2004/02/skos/core#prefLabel>\t"{text}"@{language}\t{number % 7}\n'
                for number, (text, language) in enumerate(self._names[start : start + 5000], start)
            ).encode("utf-8")


def queries(names: list[tuple[str, str]]) -> dict[str, list[tuple[str, int]]]:
    """Return for each kind of query what is typed, and the number of the name that it was made from."""
    chosen = random.Random(8)
    chinese = [number for number, (_, language) in enumerate(names) if language == "zh"]
    english = [number for number, (_, language) in enumerate(names) if language == "en"]

    def made(numbers: list[int], make: Callable[[str], str]) -> list[tuple[str, int]]:
        return [(make(names[number][0]), number) for number in chosen.sample(numbers, QUERIES)]

    def part(length: int) -> Callable[[str], str]:
        def cut(text: str) -> str:
            start = chosen.randint(0, max(0, len(text) - length))
            return text[start : start + length]

        return cut

    def spelt(text: str, length: int, initials: int) -> str:
        read = [chosen.choice(pinyin.readings(character)[:1]) for character in text[:length]]
        return "".join(read[: length - initials]) + "".join(reading[0] for reading in read[length - initials :])

    def mistyped(text: str) -> str:
        at = chosen.randint(1, len(text) - 2)
        other = chosen.choice("零壹贰叁肆伍陆柒捌玖" if not text.isascii() else "qxzjvw")
        ways = (text[:at] + text[at + 1 :], text[:at] + other + text[at + 1 :], text[:at] + other + text[at:],
                text[:at] + text[at + 1] + text[at] + text[at + 2 :])  # fmt: skip
        return chosen.choice([way for way in ways if way != text])

    def same_sound(text: str) -> str:
        return "".join(homophones[pinyin.readings(character)[0]] for character in text[:5])

    homophones: dict[str, str] = {}
    for code in range(0x4E00, 0x9FA6):
        for reading in pinyin.readings(chr(code))[:1]:
            homophones[reading] = chr(code)
    common = ("公司", "有限公司", "科技", "山西", "限公", "有限责任公司", "大同", "股份有限公司", "技有限", "集团")
    holder = {text: next(n for n, (name, _) in enumerate(names) if text in name) for text in common}
    return {
        "1 character": made(chinese, part(1)),
        "2 characters": made(chinese, part(2)),
        "4 characters": made(chinese, part(4)),
        "common part": [(text, holder[text]) for text in itertools.islice(itertools.cycle(common), QUERIES)],
        "whole name": made(chinese, lambda text: text),
        "latin part": made(english, part(6)),
        "initials": made(chinese, lambda text: spelt(text, 4, 4)),
        "initials, whole": made(chinese, lambda text: spelt(text, len(text), len(text))),
        "syllables": made(chinese, lambda text: spelt(text, 4, 0)),
        "syllables, 2": made(chinese, lambda text: spelt(text, 2, 0)),
        "mixed": made(chinese, lambda text: spelt(text, 5, 2)),
        "same sound": made(chinese, same_sound),
        "typing error": made([n for n in chinese if 6 <= len(names[n][0]) <= 14], mistyped),
        "typing error, latin": made([n for n in english if len(names[n][0]) <= 30], mistyped),
        "respelt": made(chinese, lambda text: mistyped(spelt(text, 4, 0))),
        "nothing": [(f"无此名{number}号㍿", -1) for number in range(QUERIES)],
    }


class Fts5:
    """SQLite's index with one token for each character, asked for phrases, ordered as the search orders."""

    def __init__(self, folded: list[str]) -> None:
        self._connection = sqlite3.connect(":memory:")
        self._connection.execute(
            "CREATE VIRTUAL TABLE name USING fts5(t, content='', tokenize=\"unicode61 categories 'L* M* N* P* S* Co'\")"
        )
        self._connection.execute("CREATE TABLE length (id INTEGER PRIMARY KEY, length INTEGER)")
        self._connection.executemany(
            "INSERT INTO name(rowid, t) VALUES (?, ?)", ((n, self._spaced(t)) for n, t in enumerate(folded))
        )
        self._connection.executemany("INSERT INTO length VALUES (?, ?)", ((n, len(t)) for n, t in enumerate(folded)))

    @staticmethod
    def _spaced(text: str) -> str:
        return " ".join(text.replace(" ", "\ue000"))

    def ask(self, wanted: str) -> list[int]:
        """Return the numbers of the shortest names that hold a text."""
        phrase = '"' + self._spaced(wanted).replace('"', '""') + '"'
        return [
            row[0]
            for row in self._connection.execute(
                "SELECT l.id FROM name JOIN length l ON l.id = name.rowid WHERE name MATCH ? ORDER BY l.length LIMIT ?",
                (phrase, LIMIT),
            )
        ]


def timed(ask: Callable[[str], object], texts: list[str]) -> tuple[float, float]:
    """Return the median and the 95th percentile of the processor time of a query, in milliseconds; each is asked once.

    A query waits for nothing and has one thread: on a machine with nothing else to do this is the time that it takes.
    """
    times = []
    for text in texts:
        started = time.thread_time()
        ask(text)
        times.append((time.thread_time() - started) * 1000)
    return statistics.median(times), sorted(times)[int(0.95 * len(times))]


def memory_mb() -> float:
    """Return the proportional memory of this process."""
    told = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
    found = re.search(r"^Pss:\s+(\d+)", told, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def main(count: int) -> int:
    """Run everything; return the exit code."""
    names = list(labels(count))
    graph = Graph(names)
    asked = queries(names)
    before, started = memory_mb(), time.process_time()
    prepare(graph)  # type: ignore[arg-type]
    took = time.process_time() - started
    say(f"{count:,} labels; index built in {took:.1f} s of processor time, {memory_mb() - before:.0f} MB.")

    def ask(text: str) -> list[int]:
        return [int(hit.iri.rpartition("/")[2]) for hit in search(graph, text, LIMIT)]  # type: ignore[arg-type]

    folded = [fold(text)[0] for text, _ in names]

    def scan(text: str) -> list[int]:
        return sorted((n for n, t in enumerate(folded) if text in t), key=lambda n: (len(folded[n]), n))[:LIMIT]

    started = time.process_time()
    fts5 = Fts5(folded)
    say(f"SQLite FTS5 built in {time.process_time() - started:.1f} s.")
    differ = []
    for text in (fold(text)[0] for kind in PARTS for text, _ in asked[kind][:5]):
        holding = [number for number, name in enumerate(folded) if text in name]
        # Whole names and beginnings come first, so only the peers' own order is by length alone.
        lengths = sorted(len(folded[number]) for number in holding)[:LIMIT]
        if (
            len(set(ask(text)) & set(holding)) != len(lengths)
            or [len(folded[number]) for number in scan(text)] != lengths
            or [len(folded[number]) for number in fts5.ask(text)] != lengths
        ):
            differ.append(text)
    say(f"{len(PARTS) * 5} results of parts of names compared with the scan: {differ or 'equal'}.\n")
    say(f"{'kind':<22}{'example':<22}{'p50 ms':>8}{'p95 ms':>8}{'found':>7}{'FTS5':>8}{'scan':>8}")
    met = not differ
    for kind, made in asked.items():
        texts = [text for text, _ in made]
        p50, p95 = timed(ask, texts)
        found, peers = "", ["", ""]
        if kind in PARTS:
            asking = ((fts5.ask, texts), (scan, texts[:3]))
            peers = [f"{timed(peer, [fold(t)[0] for t in some])[0] / p50:.1f}" for peer, some in asking]
        if kind in MEANT:
            share = sum(number in ask(text) for text, number in made) / len(made)
            found = f"{share:.0%}"
            met &= share >= MEANT[kind]
        say(f"{kind:<22}{texts[0][:10]:<22}{p50:>8.2f}{p95:>8.2f}{found:>7}{peers[0]:>8}{peers[1]:>8}")
        met &= p95 <= MOST_MS
    say("\nThe last columns: median of SQLite FTS5 and of a plain scan, as multiples of the search's.")
    say("Found: queries whose own name is among the first 20 hits. Times are of the processor, each query asked once.")
    say(f"95th percentile at most {MOST_MS:.0f} ms, equal results, names found: {'met' if met else 'MISSED'}.")
    return 0 if met else 1


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else LABELS))

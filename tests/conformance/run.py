"""The W3C's SPARQL test cases against the running service, and against the engine's own server beside it.

    make conformance [W3C=../shared/w3c]

Writes `docs/conformance.json`, which the page ``/conformance`` shows: for each suite how many cases pass, and each miss
with its reason. A miss that the engine has as well is the engine's; any other needs a reason in `reasons.json`. Ends
with 1 if one has none, or a reason speaks of a case that passes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyoxigraph

ROOT: Final = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.bench.run import free_port, stop, wait_for  # noqa: E402
from tests.service import environment, running  # noqa: E402

OUT: Final = ROOT / "docs/conformance.json"
REASONS: Final = Path(__file__).parent / "reasons.json"
TOKEN: Final = "conformance-token"  # noqa: S105 - of a service that lives as long as this run
#: What the runner calls each suite, in the order of the table.
SUITES: Final = (
    *("protocol", "gsp", "eval11", "update11", "results-w3c", "syntax11"),
    *("eval10", "syntax10", "eval12", "update12", "syntax12"),
)


def run(runner: Path, name: str, addresses: list[str], out: Path) -> dict[str, Any]:
    """Run the cases against a service; return what the runner reports."""
    query, update, graphs = addresses
    command = [sys.executable, runner, "--query-url", query, "--update-url", update, "--gsp-url", graphs]
    command += ["--token", TOKEN, "--json", out, "--name", name, "--only", ",".join(SUITES)]
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONWARNDEFAULTENCODING"}
    done = subprocess.run(command, env=clean, capture_output=True, text=True, encoding="utf-8", check=False)
    if not out.exists():
        raise SystemExit(f"the runner failed: {done.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return report


def service(runner: Path, folder: Path) -> dict[str, Any]:
    """Run the cases against this service."""
    settings = environment(KG_DATA_DIR=str(folder / "data"), KG_BASE="none", KG_ADMIN_TOKEN=TOKEN, KG_LOG_LEVEL="error")
    with running(folder / "data", settings, cwd=folder) as presence:
        home = presence["address"]
        return run(runner, "service", [f"{home}/sparql", f"{home}/update", f"{home}/graphs"], folder / "service.json")


def engine(runner: Path, folder: Path) -> dict[str, Any]:
    """Run the cases against the server that the engine's makers ship."""
    port = free_port()
    command = [ROOT / ".venv-bench/bin/oxigraph", "serve", "--location", folder / "engine"]
    process = subprocess.Popen([*command, "--bind", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        home = f"http://127.0.0.1:{port}"
        return run(runner, "engine", [f"{home}/query", f"{home}/update", f"{home}/store"], folder / "engine.json")
    finally:
        stop(process)


def table(own: dict[str, Any], engines: dict[str, Any], reasons: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return what the page shows, and what is wrong with the reasons."""
    by_engine = {case["id"]: case["status"] for case in engines["results"]}
    explained = {case: key for key, reason in reasons.items() for case in reason["cases"]}
    misses, wrong = [], []
    for case in own["results"]:
        told = explained.pop(case["id"], None)
        if case["status"] == "pass":
            if told is not None:
                wrong.append(f"{case['id']} passes, and reasons.json explains why it doesn't")
            continue
        reason = told or ("engine" if by_engine.get(case["id"]) == "fail" else None)
        if reason is None:
            wrong.append(f"{case['id']} ({case['status']}) has no reason: {case['reason'][:200]}")
        misses.append(
            {"id": case["id"], "suite": case["cat"], "status": case["status"], "level": case["level"], "reason": reason}
        )
    wrong += [f"reasons.json explains {case}, which isn't a case" for case in explained]
    suites = [
        {"suite": name, **{k: summary["summary"][name][k] for k in ("pass", "total", "skip", "may_pass", "may_total")}}
        | {"engine": engines["summary"][name]["pass"]}
        for name, summary in ((name, own) for name in SUITES)
    ]
    return {
        "cases": own["meta"]["suite"],
        "engine": f"Oxigraph {pyoxigraph.__version__}",
        "measured": datetime.now(UTC).date().isoformat(),
        "suites": suites,
        "misses": misses,
        "reasons": {key: {"zh": r["zh"], "en": r["en"]} for key, r in reasons.items()},
    }, wrong


def main() -> int:
    """Run everything; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("w3c", type=Path, help="folder with run_w3c.py and the cases")
    runner = parser.parse_args().w3c.resolve() / "run_w3c.py"
    if not runner.is_file():
        raise SystemExit(f"{runner} isn't there; say where the cases lie: make conformance W3C=DIR")
    with tempfile.TemporaryDirectory() as place:
        own = service(runner, Path(place))
        engines = engine(runner, Path(place))
    found, wrong = table(own, engines, json.loads(REASONS.read_text(encoding="utf-8")))
    OUT.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    say(f"{'suite':<14}{'pass':>6}{'of':>6}{'skipped':>9}{'engine':>8}")
    for row in found["suites"]:
        say(f"{row['suite']:<14}{row['pass']:>6}{row['total']:>6}{row['skip']:>9}{row['engine']:>8}")
    for line in wrong:
        say(f"! {line}")
    say(f"wrote {OUT.relative_to(ROOT)}")
    return 1 if wrong else 0


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())

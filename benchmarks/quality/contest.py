"""Runs each contestant in a process of its own on the same folder, and tells what it said and what it spent."""

import importlib
import importlib.util
import os
import resource
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.peers.spent import peak_gb
from benchmarks.quality.answers import Answers, Skipped
from benchmarks.quality.material import Material

PEERS = "benchmarks.quality.peers"
CONTESTANTS: dict[str, str] = {
    "ours": "benchmarks.quality.ours:answer",
    "ours_without": "benchmarks.quality.ours:answer",
    "hiatus": f"{PEERS}.hiatus:answer",
    "past_spend": f"{PEERS}.past_spend:answer",
    "lifetimes_bg_nbd": f"{PEERS}.by_lifetimes:bg_nbd",
    "lifetimes_mbg_nbd": f"{PEERS}.by_lifetimes:mbg_nbd",
    "lifetimes_pareto_nbd": f"{PEERS}.by_lifetimes:pareto_nbd",
    "pymc_bg_nbd": f"{PEERS}.by_pymc:bg_nbd",
    "pymc_mbg_nbd": f"{PEERS}.by_pymc:mbg_nbd",
    "pymc_pareto_nbd": f"{PEERS}.by_pymc:pareto_nbd",
    "cox": f"{PEERS}.by_lifelines:answer",
    "featuretools": f"{PEERS}.by_featuretools:answer",
    "flaml": f"{PEERS}.by_flaml:answer",
    "autogluon": f"{PEERS}.by_autogluon:answer",
}
"""``ours_without`` is given the folder ``without``."""
ON_PANEL = ("cox", "featuretools", "flaml", "autogluon")
FAMILIES = (
    "family_rules", "family_btyd", "family_linear", "family_lightgbm", "family_lightgbm_on_btyd", "family_per_purchase",
)  # fmt: skip
"""Parts of ourselves, made together: no peers, but whoever beats us would show a poor choice."""
SHARED = {"panel": "benchmarks.quality.panel:write", "families": "benchmarks.quality.families:answer"}
"""What is made once for several contestants."""
NEEDS: dict[str, str] = dict.fromkeys(ON_PANEL, "panel") | dict.fromkeys(FAMILIES, "families")
GROUPS: dict[str, tuple[str, ...]] = {
    "families": FAMILIES,
    "lifetimes": ("lifetimes_bg_nbd", "lifetimes_mbg_nbd", "lifetimes_pareto_nbd"),
    "pymc": ("pymc_bg_nbd", "pymc_mbg_nbd", "pymc_pareto_nbd"),
    "lifelines": ("cox",),
}
BASE = ("hiatus", "past_spend")
"""The peers that need nothing beyond the package."""
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Entry:
    """A contestant's answers, or why there are none."""

    name: str
    answers: Answers | None = None
    skipped: str = ""
    failed: str = ""


def chosen(names: str) -> tuple[str, ...]:
    """Return the peers that a list of names and groups means; ``all`` and nothing mean all of them.

    Raises
    ------
    ValueError
        There is no such peer.

    Examples
    --------
    >>> chosen("hiatus, lifelines")
    ('hiatus', 'cox')
    >>> chosen("hiatus,oracle")
    Traceback (most recent call last):
    ...
    ValueError: no such peer: oracle; there is: ...
    """
    asked = [name.strip() for name in names.split(",") if name.strip()]
    everybody = (*(name for name in CONTESTANTS if not name.startswith("ours")), *FAMILIES)
    if not asked or asked == ["all"]:
        return everybody
    found: list[str] = []
    for name in asked:
        if name not in everybody and name not in GROUPS:
            raise ValueError(f"no such peer: {name}; there is: {', '.join((*everybody, *GROUPS))}")
        found += GROUPS.get(name, (name,))
    return tuple(dict.fromkeys(found))


def need(*modules: str) -> None:
    """Refuse to take part where a package is missing.

    Raises
    ------
    Skipped
    """
    missing = [name for name in modules if importlib.util.find_spec(name.split(".")[0]) is None]
    if missing:
        raise Skipped(f"not installed: {', '.join(missing)} (pip install 'tiercast[peers]')")


def run(name: str, folder: Path, *, most_seconds: float = 7200.0) -> Entry:
    """Run a contestant on a prepared folder; whatever goes wrong is told in its entry."""
    command = [sys.executable, "-m", "benchmarks.quality.contest", name, str(folder)]
    threads = {each: os.environ.get(each, "1") for each in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | threads, check=False, capture_output=True, text=True,
            timeout=most_seconds,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Entry(name, failed=f"not done after {most_seconds:.0f} s")
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        return Entry(name, failed=f"ended with {done.returncode}: {lines[-1][:300] if lines else 'no word'}")
    return said(name, folder, by=name)


def said(name: str, folder: Path, *, by: str) -> Entry:
    """Return what a contestant left in the folder, or what kept the process ``by`` from it."""
    refused = folder / f"{by}.skipped"
    if refused.exists():
        return Entry(name, skipped=refused.read_text(encoding="utf-8"))
    if name in SHARED:
        return Entry(name)
    try:
        return Entry(name, Answers.read(folder, name).of(Material.read(folder).cohort))
    except (OSError, ValueError, KeyError) as fault:
        return Entry(name, failed=f"its answers cannot be judged: {fault}")


def main() -> None:
    """Be the contestant's process."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    place = folder / "without" if name == "ours_without" else folder
    module, _, function = (CONTESTANTS | SHARED)[name].partition(":")
    material = Material.read(place)
    try:
        answers = getattr(importlib.import_module(module), function)(material)
    except Skipped as reason:
        (folder / f"{name}.skipped").write_text(" ".join(str(reason).split()), encoding="utf-8")
        return
    # of the children that have ended the system tells the largest
    spent = max(peak_gb(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e9)
    for each, told in ({name: answers} if isinstance(answers, Answers) else answers or {}).items():
        replace(told, peak_gb=spent).write(folder, each)


if __name__ == "__main__":
    main()

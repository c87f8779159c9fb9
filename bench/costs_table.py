"""What each request costs, beside another release in the worktree that BENCH_BASE names."""

import json
import os
import subprocess
import sys
from pathlib import Path

from bench.machine import ROOT

Costs = dict[str, dict[str, tuple[float, float]]]


def print_costs() -> None:
    """Milliseconds of processor time and statements of each request, at several sizes."""
    here = _costs(ROOT)
    before = _costs(Path(base)) if (base := os.environ.get("BENCH_BASE")) else None
    for shape, costs in here.items():
        print(f"\n{shape}")
        for what, (took, statements) in costs.items():
            line = f"  {what:12}{took:8.2f} ms{statements:6.0f} statements"
            if before:
                then, asked = before[shape][what]
                line += f"   before {then:8.2f} ms{asked:6.0f}   ratio {then / took:5.2f}"
            print(line)


def _costs(release: Path) -> Costs:
    """Of a release, as ``bench/costs.py`` measures it in a process of its own."""
    program = [sys.executable, str(ROOT / "bench" / "costs.py")]
    environment = {**os.environ, "PYTHONPATH": str(release)}
    done = subprocess.run(program, cwd=release, env=environment, check=True, capture_output=True, text=True)
    found: Costs = json.loads(done.stdout)
    return found

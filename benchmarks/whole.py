"""A whole build compared with the least possible work in plain SQL (the floor), from landed files to published marts.

First the command line makes a sample shop and runs it once, and reports the time of each stage. Then the floor
(whole.sql) writes the same main outputs from the same landed Parquet, in a separate process. The floor has no row
rules, quarantine, reconciliation, as-of versions, data tests, gates, value models or verified publication.
Timings are measured here and asserted nowhere.

    python benchmarks/whole.py --customers 200000 --days 730
"""

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import yaml

LOYALTY = Path(sys.executable).with_name("loyalty")
# Landing is not in the floor: both begin with landed files.
BEFORE = ("prepare", "land", "gate_landing")
OTHER = ("interactions", "campaign_touches", "loyalty_events", "cases", "survey_invitations", "referrals")
WRITTEN = ("fct_order", "fct_order_line", "customer_rfm", "points", "nps", "customers")


def steps(landing: Path, day: str, zone: str, out: Path) -> dict[str, list[str]]:
    """The floor's statements, by step."""
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for name, value in {"landing": landing, "day": day, "zone": zone}.items():
        text = text.replace(f"{{{name}}}", str(value))
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)
    found = {name: [statement] for name, statement in zip(parts[1::2], parts[2::2], strict=True)}
    found["other entities"] = [
        f"create table {name} as select * exclude (raw, batch)"  # noqa: S608 (names of ours)
        f" from read_parquet('{landing}/{name}/*/*/*.parquet', hive_partitioning = true)"
        for name in OTHER
    ]
    found["written"] = [
        f"copy (select * from {name} order by all) to '{out}/{name}.parquet' (format parquet, compression zstd)"  # noqa: S608 (names of ours)
        for name in WRITTEN
    ]
    return found


def floor(home: Path, day: str, zone: str, memory: str, threads: int) -> None:
    """Run the floor, and print the seconds of each step, of the clock and of the processor."""
    with tempfile.TemporaryDirectory(dir=home) as name:
        folder = Path(name)
        config = {"memory_limit": memory, "threads": threads, "temp_directory": str(folder / "spill")}
        with duckdb.connect(str(folder / "floor.duckdb"), config=config) as connection:
            connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false")
            for step, statements in steps(home / "landing", day, zone, folder).items():
                began, used = time.perf_counter(), time.process_time()
                for statement in statements:
                    connection.execute(statement).fetchall()
                seconds = (time.perf_counter() - began, time.process_time() - used)
                sys.stdout.write(json.dumps({"step": step, "wall": seconds[0], "cpu": seconds[1]}) + "\n")


def measured(command: list[str | Path]) -> tuple[str, float]:
    """The output of a command, and the processor seconds of it and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{command[0]} ended with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Make the sample, run both, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--customers", type=int, default=50_000)
    options.add_argument("--days", type=int, default=400)
    options.add_argument("--memory", default="4GB")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--folder", type=Path, help="keep the sample there, or use the one that is there")
    options.add_argument("--floor", nargs=3, metavar=("HOME", "DAY", "ZONE"), help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.floor:
        home, day, zone = given.floor
        return floor(Path(home), day, zone, given.memory, given.threads)
    with tempfile.TemporaryDirectory(prefix="loyalty-benchmark-") as name:
        sample = given.folder or Path(name) / "sample"
        config = sample / "loyalty.yml"
        if not config.exists():
            measured(
                [LOYALTY, "sample", "--out", sample, "--customers", str(given.customers), "--days", str(given.days)]
            )
            engine = f"engine: {{memory_limit: {given.memory}, threads: {given.threads}}}\n"
            config.write_text(config.read_text(encoding="utf-8") + engine, encoding="utf-8")
        # this run lands; the second run is measured, because processor seconds are per process
        measured([LOYALTY, "run", "--config", config])
        _, cpu = measured([LOYALTY, "run", "--full-refresh", "--config", config])
        report = json.loads((sample / "state" / "last_run.json").read_text(encoding="utf-8"))
        zone = yaml.safe_load(config.read_text(encoding="utf-8"))["timezone"]
        command = [sys.executable, __file__, "--memory", given.memory, "--threads", str(given.threads)]
        found, floor_cpu = measured([*command, "--floor", sample, report["as_of"], zone])
        show(report, cpu, [json.loads(line) for line in found.splitlines()], floor_cpu)
    return None


def show(report: dict[str, Any], cpu: float, found: list[dict[str, object]], floor_cpu: float) -> None:
    """Print both, stage by stage, and the ratios."""
    stages = {stage["name"]: float(stage["seconds"]) for stage in report["stages"]}
    wall = sum(seconds for name, seconds in stages.items() if name not in BEFORE)
    floor_wall = sum(float(str(step["wall"])) for step in found)
    lines = [f"{name:32} {seconds:8.2f}" for name, seconds in stages.items()]
    lines += [f"floor: {step['step']!s:25} {step['wall']:8.2f}" for step in found]
    lines += [
        f"from landed to published         {wall:8.2f}",
        f"floor                            {floor_wall:8.2f}",
        f"ratio                            {wall / floor_wall:8.2f}",
        f"processor, whole run             {cpu:8.2f}",
        f"processor, floor                 {floor_cpu:8.2f}",
        f"ratio                            {cpu / floor_cpu:8.2f}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

"""The cost of a home with many landed files: start-up, the run of a day, and a full build.

The script makes `--files` small files of ten sources (orders, order lines, customers, interactions and survey answers,
one file of each per source and day), and lands them as a run does. Then it measures each command as a process of its
own. A timing is measured here and never asserted in a test.

    python benchmarks/many_files.py make --home /tmp/many --files 20000
    python benchmarks/many_files.py measure --home /tmp/many
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from steps import Steps

from pipelines.config.settings import load_settings
from pipelines.landing import land, read_landed
from pipelines.landing.batches import LAYOUTS, batch_of, part_path
from pipelines.landing.fingerprint import version
from pipelines.landing.sources import source_files

LOYALTY = "import sys; from pipelines.cli import main; sys.exit(main())"
N_SOURCES, ROWS = 10, 10
FIRST_DAY = date(2023, 1, 1)

MAPPING = """\
source: {source}
timezone: UTC
currency: EUR
files:
  - match: "orders-*.csv"
    file_on: 'orders-(\\d{{8}})'
    file_on_format: "%Y%m%d"
    entities:
      orders: {{columns: {{order_id: order, customer_ref: customer, ordered_at: at, status: status, total: total}}}}
  - match: "lines-*.csv"
    file_on: 'lines-(\\d{{8}})'
    file_on_format: "%Y%m%d"
    entities:
      order_lines: {{columns: {{order_id: order, line_id: line, product_id: product, quantity: n, unit_price: price}}}}
  - match: "customers-*.csv"
    file_on: 'customers-(\\d{{8}})'
    file_on_format: "%Y%m%d"
    entities:
      customers: {{columns: {{customer_ref: customer, email: email, signed_up_at: at, updated_at: at}}}}
  - match: "contacts-*.csv"
    file_on: 'contacts-(\\d{{8}})'
    file_on_format: "%Y%m%d"
    entities:
      interactions: {{columns: {{interaction_id: id, customer_ref: customer, occurred_at: at, kind: kind}}}}
  - match: "answers-*.csv"
    file_on: 'answers-(\\d{{8}})'
    file_on_format: "%Y%m%d"
    entities:
      survey_answers:
        columns:
          {{response_id: id, question_id: "'nps'", customer_ref: customer, answered_at: at, construct: "'nps'",
            answer_number: n, scale_min: "0", scale_max: "10", survey_kind: "'relationship'"}}
"""
HEADERS = {
    "orders": "order,customer,at,status,total",
    "lines": "order,line,product,n,price",
    "customers": "customer,email,at",
    "contacts": "id,customer,at,kind",
    "answers": "id,customer,at,n",
}


def write_day(folder: Path, day: int) -> None:
    """The five files of a source on a day. All sources have the same files."""
    on = FIRST_DAY + timedelta(days=day)
    rows: dict[str, list[str]] = {kind: [header] for kind, header in HEADERS.items()}
    for i in range(ROWS):
        number, customer = day * ROWS + i, (day * 7 + i * 31) % 1000
        at = f"{on} {8 + i % 12:02}:15:00"
        rows["orders"].append(f"o{number},c{customer},{at},paid,{10 + i}.00")
        rows["lines"].append(f"o{number},1,p{i},1,{10 + i}.00")
        rows["customers"].append(f"c{customer},c{customer}@shop.example,{at}")
        rows["contacts"].append(f"i{number},c{customer},{at},call")
        rows["answers"].append(f"r{number},c{customer},{at},{(i * 3 + day) % 11}")
    for kind, lines in rows.items():
        (folder / f"{kind}-{on:%Y%m%d}.csv").write_text("\n".join(lines) + "\n")


def make(home: Path, files: int) -> None:
    """Write the home and its files, and land them: those of one source by a landing, the others as copies of these."""
    days = files // (N_SOURCES * len(HEADERS))
    listed = []
    for source in range(N_SOURCES):
        (home / f"inbox{source}").mkdir(parents=True)
        (home / f"shop{source}.yml").write_text(MAPPING.format(source=f"shop{source}"))
        listed.append(f"  - {{mapping: shop{source}.yml, files: inbox{source}}}\n")
        for day in range(days):
            write_day(home / f"inbox{source}", day)
    (home / "loyalty.yml").write_text("home: .\ntimezone: UTC\ncurrency: EUR\nsources:\n" + "".join(listed))
    (home / "days").write_text(str(days))
    sources = source_files(load_settings(home / "loyalty.yml"))
    steps = Steps()
    with steps.step("landing of one source"):
        report = land(home, sources[:1], today=FIRST_DAY + timedelta(days=days))
        steps.note = f"{len(report.landed_batches)} batches"
    with steps.step("copies for the others"):
        copy_batches(home)
    Console().print(steps.table(str(home)))


def copy_batches(home: Path) -> None:
    """Give the other sources the batches that a landing of their files would make.

    The source is only in the names of the folders, and the mappings differ only by it.
    """
    landing = home / "landing"
    for one in read_landed(home):
        parts = [part for dataset in LAYOUTS if (part := part_path(landing, dataset, "shop0", one.batch)).is_file()]
        for source in (f"shop{number}" for number in range(1, N_SOURCES)):
            batch = batch_of(source, one.sha256, one.file_on, version(one.mapping_sha256, one.declares, ""))
            for part in parts:
                copy = part_path(landing, part.parents[2].name, source, batch)
                copy.parent.mkdir(parents=True)
                shutil.copyfile(part, copy)


def command(home: Path, *arguments: str) -> tuple[float, float]:
    """Processor seconds (with child processes) and seconds of one `loyalty` command."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", LOYALTY, *arguments, "--config", home / "loyalty.yml"],
        cwd=home,
        capture_output=True,
        text=True,
        env={**os.environ},
    )
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        sys.exit(
            f"loyalty {' '.join(arguments)} ended with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-3000:]}"
        )
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def measure(home: Path) -> None:
    """Measure the commands; the incremental run gets five new files of each of two sources."""
    table = Table("command", "processor s", "seconds", title=str(home))

    def step(name: str, *arguments: str) -> None:
        table.add_row(name, *(f"{figure:.1f}" for figure in command(home, *arguments)))

    step("status", "status")
    step("dry run", "run", "--dry-run")
    step("first build", "run")
    day = int((home / "days").read_text())
    for source in range(2):
        write_day(home / f"inbox{source}", day)
    (home / "days").write_text(str(day + 1))
    step("run with ten new files", "run")
    step("full build", "run", "--full-refresh")
    Console().print(table)


def main() -> None:
    """Make the home, or measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=("make", "measure"))
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--files", type=int, default=20_000)
    given = parser.parse_args()
    home = given.home.resolve()
    if given.step == "make":
        make(home, given.files)
    else:
        measure(home)


if __name__ == "__main__":
    main()

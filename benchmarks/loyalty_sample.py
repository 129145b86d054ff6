"""Level, class and type of a sample against the planted ones, compared with the best rule.

The best rule (pipelines/sample/best) knows how the sample is made, but no value of a single customer. It sees the same
purchases and answers as the pipeline.

    python benchmarks/loyalty_sample.py --customers 3000 --days 1096           # 5 to 10 minutes
    python benchmarks/loyalty_sample.py --sample FOLDER                        # a sample that has been run
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipelines.sample import write_sample
from pipelines.sample.best.compare import Compared, compare
from pipelines.sample.best.scores import f1_of, macro_f1

LOYALTY = Path(sys.executable).with_name("loyalty")


def run(sample: Path) -> None:
    """`loyalty run` of a sample in its own folder."""
    done = subprocess.run([LOYALTY, "run", "--config", sample / "loyalty.yml"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"loyalty run ended with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def shown(kind: str, found: Compared, rule: str) -> Table:
    """The confusion matrix of a rule, with F1 of each label."""
    matrix = found.pipeline if rule == "pipeline" else found.best
    table = Table(f"true {kind}", *found.labels, "F1", title=f"{kind}: {rule}, macro F1 {macro_f1(matrix):.3f}")
    for label, row, score in zip(found.labels, matrix, f1_of(matrix), strict=True):
        if row.sum():
            table.add_row(label, *(f"{count:,}" for count in row), f"{score:.3f}")
    return table


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=Path, help="the folder of a sample that has been run as of its last day")
    parser.add_argument("--customers", type=int, default=3000)
    parser.add_argument("--days", type=int, default=1096)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    console = Console(width=140)
    with tempfile.TemporaryDirectory() as folder:
        sample = asked.sample or Path(folder)
        if asked.sample is None:
            write_sample(sample, customers=asked.customers, days=asked.days, seed=asked.seed)
            run(sample)
        for kind, found in compare(sample, sample).items():
            console.print(shown(kind, found, "best rule"))
            console.print(shown(kind, found, "pipeline"))
            console.print(f"{kind}: the pipeline reaches {found.share_of_best:.1%} of the best rule\n")


if __name__ == "__main__":
    main()

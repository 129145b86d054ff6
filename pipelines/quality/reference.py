"""Writes docs/quality-checks.md from the suites: every check of a gate with its severity, its limits and its reason.

Run as `python -m pipelines.quality.reference` (`make docs`). A test compares the file with what this would write.
"""

from pathlib import Path

from pipelines.base.durable import write_text_durably
from pipelines.config.settings import project_root
from pipelines.quality.in_force import STAGES
from pipelines.quality.suites import Expectation, load_suites

PAGE = Path("docs/quality-checks.md")
_INTRODUCTION = """\
# Quality checks and their limits

Every check of the gates. This page is written by `make docs` from the suites in `expectations/`; change them there.
[quality.md](quality.md) explains the gates.

A check with the severity `error` stops the run; with `warn` the run continues and warns. Severity and limits of a check
can be changed in `loyalty.yml`, by dataset and check:

```yaml
gates:
  orders.orders_have_a_time: {min_share: 0.9, severity: warn}
```
"""


def page(folder: Path) -> str:
    """docs/quality-checks.md, from the folder `expectations/`."""
    parts = [_INTRODUCTION.rstrip()]
    for stage in STAGES:
        for suite in load_suites(folder, stage):
            parts += ["", f"## `{suite.dataset}` ({stage})", "", suite.description, ""]
            parts += ["| check | severity | limits | why |", "| --- | --- | --- | --- |"]
            parts += [_row(suite.dataset, one) for one in suite.expectations]
    return "\n".join(parts) + "\n"


def main() -> None:
    """Write the page."""
    root = project_root()
    write_text_durably(root / PAGE, page(root / "expectations"))


def _row(dataset: str, one: Expectation) -> str:
    limits = ", ".join(f"`{name}: {value}`" for name, value in one.limits.items()) or "none"
    cells = (f"`{dataset}.{one.name}`", one.severity, limits, " ".join(one.why.split()))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    main()

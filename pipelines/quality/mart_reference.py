"""Writes docs/marts.md from dbt's yml files: every mart and column with label, unit, meaning, and what NULL means.

Run as `python -m pipelines.quality.mart_reference` (`make docs`). A test compares the page with what this would write.
Descriptions are in dbt_project/models/marts/, labels in the seed labels.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipelines.base.durable import write_text_durably
from pipelines.base.project import project_root

PAGE = Path("docs/marts.md")
_MODELS = Path("dbt_project/models")
_LABELS = Path("dbt_project/seeds/labels.csv")
_INTRODUCTION = """\
# Marts

Every published mart and column: label, type, unit, meaning, and when the value is NULL. `make docs` writes this page
from [`dbt_project/models/marts/`](../dbt_project/models/marts). Change a description there, not here. Labels in Chinese
are in the mart `dim_label`.

The key of a mart is never NULL. In the column NULL, *never* means that each run checks that there is no NULL, and *see
meaning* that the meaning says when the value is NULL. Elsewhere NULL means that the data do not say it, or that there
is nothing to compute it from. NULL is never the same as 0.

Units follow from names:

| name | unit |
| --- | --- |"""
_UNITS = (
    (r"_amount$", "currency", "Money in the reporting currency of the version (`manifest.json`, `reporting`)."),
    (r"_share(_low|_high)?$", "share", "Share, 0 to 1."),
    (r"_probability$", "share", "Probability, 0 to 1."),
    (r"_days$", "days", "Calendar days, or purchase days where the meaning says so."),
    (r"_hours$", "hours", "Hours."),
    (r"_seconds$", "seconds", "Seconds."),
    (r"_months$", "months", "Months."),
    (r"_score$", "score", "Score, 0 to 100, unless the meaning says otherwise."),
    (r"_on$", "day", "Day in the business time zone."),
    (r"_at$", "UTC", "Time in UTC."),
    (r"^n_", "count", "Number of things."),
    (r"_key$", "key", "Key without a meaning of its own. [identity.md](identity.md) says when a customer_key changes."),
)


@dataclass(frozen=True)
class MartPage:
    """One mart as dbt's yml declares it.

    Attributes:
        name: Its name.
        domain: The folder that it is in.
        description: Grain and meaning.
        key: The columns that identify a row.
        columns: Name, type and description of each column, in order.
        never_null: The columns that a rule refuses as NULL.
    """

    name: str
    domain: str
    description: str
    key: tuple[str, ...]
    columns: tuple[tuple[str, str, str], ...]
    never_null: frozenset[str]


def marts(root: Path) -> list[MartPage]:
    """Every mart, by domain and name.

    Args:
        root: The clone's folder.
    """
    blocks: dict[str, str] = {}
    for path in sorted((root / _MODELS).rglob("*.md")):
        blocks |= re.findall(r"{% docs (\w+) %}\n(.*?)\n{% enddocs %}", path.read_text("utf-8"), re.DOTALL)
    found = [
        _mart(path.parent.name, model, blocks)
        for path in (root / _MODELS / "marts").rglob("*.yml")
        for model in (yaml.safe_load(path.read_text("utf-8")) or {}).get("models", ())
    ]
    return sorted(found, key=lambda mart: (mart.domain, mart.name))


def unit(column: str) -> str:
    """The unit of a column, by its name; empty if it has none."""
    return next((name for pattern, name, _ in _UNITS if re.search(pattern, column)), "")


def page(root: Path) -> str:
    """docs/marts.md.

    Args:
        root: The clone's folder.
    """
    with (root / _LABELS).open(encoding="utf-8", newline="") as file:
        labels = {
            row["code"]: row["label"]
            for row in csv.DictReader(file)
            if (row["code_set"], row["language"]) == ("column", "en")
        }
    parts = [_INTRODUCTION, *(f"| `{pattern.strip('^$')}` | {meaning} |" for pattern, meaning in _patterns())]
    for mart in marts(root):
        parts += ["", f"## `{mart.name}`", "", mart.description, ""]
        parts += [f"Key: {', '.join(f'`{column}`' for column in mart.key)}.", ""]
        parts += ["| column | label | type | unit | NULL | meaning |", "| --- | --- | --- | --- | --- | --- |"]
        parts += [_row(mart, column, labels) for column in mart.columns]
    return "\n".join(parts) + "\n"


def main() -> None:
    """Write the page."""
    root = project_root()
    write_text_durably(root / PAGE, page(root))


def _patterns() -> Iterator[tuple[str, str]]:
    for pattern, _, meaning in _UNITS:
        yield re.sub(r"\((.*?)\)\?", lambda found: "[" + found[1].replace("|", ", ") + "]", pattern), meaning


def _mart(domain: str, model: Mapping[str, Any], blocks: Mapping[str, str]) -> MartPage:
    def text(description: str) -> str:
        meaning = re.sub(r"{{ doc\('(\w+)'\) }}", lambda found: blocks[found[1]], description)
        return re.sub(r"\bdocs/(\w[\w-]*\.md)", r"[\1](\1)", " ".join(meaning.split()))

    rules: Mapping[str, Any] = next(
        (test["rules"]["arguments"] for test in model.get("data_tests", ()) if "rules" in test), {}
    )
    grain = {*rules.get("grain", ())} - {*rules.get("optional", ())}
    return MartPage(
        name=model["name"],
        domain=domain,
        description=text(model["description"]),
        key=tuple(model["config"]["meta"]["key"]),
        columns=tuple((one["name"], str(one["data_type"]), text(one["description"])) for one in model["columns"]),
        never_null=frozenset(grain | {*rules.get("not_null", ())}),
    )


def _row(mart: MartPage, column: tuple[str, str, str], labels: Mapping[str, str]) -> str:
    name, kind, meaning = column
    null = "never" if name in mart.never_null else "see meaning" if "NULL" in meaning else ""
    cells = (f"`{name}`", labels[name], kind, unit(name), null, meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    main()

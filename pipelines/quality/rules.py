"""Reads the catalogue of staging's rules (a dbt seed): the texts that people see beside the code of a rule.

The rules themselves are SQL in the staging models.
"""

import csv
from dataclasses import dataclass, fields
from pathlib import Path

from pipelines.base.errors import ConfigError


@dataclass(frozen=True)
class QuarantineRule:
    """One rule on a row.

    Attributes:
        code: Its code, such as `ORD-001`.
        entity: The canonical entity.
        column_name: The column that it checks; empty for the row as a whole.
        severity: How serious it is.
        meaning: What is wrong with a row that breaks it.
        action: What to do about it.
    """

    code: str
    entity: str
    column_name: str
    severity: str
    meaning: str
    action: str


def read_rules(path: Path) -> dict[str, QuarantineRule]:
    """The rules by code.

    Args:
        path: `dbt_project/seeds/quarantine_rules.csv`.

    Raises:
        ConfigError: The file is missing, lacks a column, or has a code twice; the message gives the line.
    """
    names = [field.name for field in fields(QuarantineRule)]
    hint = "Restore dbt_project/seeds/quarantine_rules.csv from the repository."
    rules: dict[str, QuarantineRule] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in names if name not in (reader.fieldnames or ())]
            if missing:
                raise ConfigError(f"{path}:1: the header has no column {', '.join(missing)}", hint=hint)
            for row in reader:
                rule = QuarantineRule(**{name: row[name] or "" for name in names})
                if rule.code in rules:
                    raise ConfigError(f"{path}:{reader.line_num}: the code {rule.code} occurs twice", hint=hint)
                rules[rule.code] = rule
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint=hint) from error
    return rules

"""The columns that conditions of audiences can use, with the values that each can have.

They are those that the marts declare beside their SQL, so nothing about them is written twice.
"""

import csv
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import yaml

from pipelines.base.project import project_root

# The published marts with one row per customer. Of a column that several marts have, the first one is read; it means
# the same in each of them.
MARTS = (
    "customer_loyalty",
    "customer_actions",
    "customer_rfm",
    "customer_clv",
    "customer_nps",
    "customer_points",
    "customer_profile",
    "dim_customer",
)
# Their columns that customer_loyalty_history has at each month end too.
HISTORY = frozenset({"level", "loyalty_class", "quadrant", "loyalty_type", "rfm_segment"})
_LEFT_OUT = {"customer_key", "as_of_on"}


@dataclass(frozen=True)
class AudienceColumn:
    """A column that conditions can use.

    Attributes:
        mart: The mart that it is read from.
        kind: Its type, as the mart declares it.
        codes: Its possible values, if the mart declares them.
        codes_var: The var of dbt that has its possible values, if the settings decide on them.
    """

    mart: str
    kind: str
    codes: tuple[str, ...] = ()
    codes_var: str = ""


@lru_cache(maxsize=1)
def audience_columns() -> dict[str, AudienceColumn]:
    """Every column that a condition can use, by its name, in the order of the marts."""
    declared: dict[str, dict[str, AudienceColumn]] = {}
    for path in sorted((project_root() / "dbt_project" / "models" / "marts").rglob("*__*.yml")):
        text = path.read_text(encoding="utf-8")
        if any(f"  - name: {mart}\n" in text for mart in MARTS):
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            for model in yaml.load(text, Loader=loader).get("models", ()):
                declared[model["name"]] = _columns(model)
    found: dict[str, AudienceColumn] = {}
    for mart in MARTS:
        for name, column in declared.get(mart, {}).items():
            if name not in _LEFT_OUT:
                known = found.setdefault(name, column)
                if not known.codes and not known.codes_var:
                    found[name] = replace(known, codes=column.codes, codes_var=column.codes_var)
    return found


def _columns(model: dict[str, Any]) -> dict[str, AudienceColumn]:
    """The columns of a model. Their codes are the values that it accepts, else those of the code set that it names."""
    accepted: dict[str, Any] = {}
    for test in model.get("data_tests", ()):
        rules = test.get("rules", {}) if isinstance(test, dict) else {}
        for entry in rules.get("arguments", {}).get("accepted_values", ()):
            accepted |= dict.fromkeys(entry["columns"], entry["values"])
    found = {}
    for one in model.get("columns", ()):
        name, values = one["name"], accepted.get(one["name"])
        column = AudienceColumn(model["name"], one.get("data_type", ""))
        if isinstance(values, list):
            column = replace(column, codes=tuple(map(str, values)))
        elif values is not None:
            (var,) = re.findall(r"var\('(\w+)'\)", values)
            column = replace(column, codes_var=var)
        elif code_set := one.get("config", {}).get("meta", {}).get("code_set"):
            column = replace(column, codes=_code_sets()[code_set])
        found[name] = column
    return found


@lru_cache(maxsize=1)
def _code_sets() -> dict[str, tuple[str, ...]]:
    """The codes of each code set."""
    found: dict[str, dict[str, None]] = {}
    with (project_root() / "dbt_project" / "seeds" / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["code_set"], {})[row["code"]] = None
    return {name: tuple(codes) for name, codes in found.items()}

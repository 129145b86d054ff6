"""Generates docs/settings.md and the defaults in dbt_project.yml from the declared settings.

Run it as `python -m pipelines.config.reference` (`make docs`). A test compares both files with its output.
"""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import annotated_types as at
from pydantic_core import PydanticUndefined

from pipelines.base.durable import write_text_durably
from pipelines.config.declared import Declared, declared, members
from pipelines.config.model_values import OF_INDUSTRY
from pipelines.config.model_vars import default_vars, plain_number
from pipelines.config.parts import SettingsPart
from pipelines.config.presets import presets
from pipelines.config.settings import Settings, project_root

PAGE, PROJECT_FILE = Path("docs/settings.md"), Path("dbt_project/dbt_project.yml")
BEGIN, END = "  # --- begin: written by `make docs` ---\n", "  # --- end: written by `make docs` ---\n"
_INTRODUCTION = """\
# Settings

This page lists every key of `loyalty.yml`. `make docs` writes it from the declarations in `pipelines/config`. Change a
description there, not here. A key that is not listed is rejected, and so is a value outside its bounds. The error names
the file and the line.

The keys of groups are joined by points. For example, `model.loyalty.high_attitude` means

```yaml
model:
  loyalty:
    high_attitude: 80
```

If a business number changes, the next run rebuilds everything that depends on it. The values in force are published in
the mart `rpt_setting`. Secrets are not in the file. They are set in the environment: `LOYALTY_KEY`,
`LOYALTY_WEBHOOK_URL`, the credentials of pulls and pushes, and the addresses of databases.
"""
_PRESETS = """\
## Presets of the industries

`industry` chooses one of these presets. A key below `model` in `loyalty.yml` overrides its number. They are in
`dbt_project/seeds/loyalty_industry_presets.csv`.
"""
_NAMES = {
    int: "whole number",
    float: "number",
    bool: "true or false",
    str: "text",
    Path: "path",
    date: "day (2024-01-31)",
    tuple: "list",
}


def page() -> str:
    """The text of docs/settings.md."""
    parts = [_INTRODUCTION.rstrip()]
    groups: dict[tuple[str, type[SettingsPart]], list[Declared]] = {}
    for key in declared(Settings):
        groups.setdefault((key.group, key.part), []).append(key)
    for (group, part), keys in groups.items():
        parts += ["", _heading(group, part), *_table(keys)]
    parts += ["", _PRESETS, *_preset_table()]
    return "\n".join(parts) + "\n"


def dbt_project(text: str) -> str:
    """The text of dbt_project.yml with the declared defaults of the business numbers."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return before + BEGIN + "".join(_var_lines()) + END + after


def main() -> None:
    """Write both files."""
    root = project_root()
    write_text_durably(root / PAGE, page())
    write_text_durably(root / PROJECT_FILE, dbt_project((root / PROJECT_FILE).read_text(encoding="utf-8")))


def _var_lines() -> Iterator[str]:
    yield "  # Defaults; a run passes the values of loyalty.yml. docs/settings.md explains each of them.\n"
    top = [(key.words.var, key.path, key.field.default) for key in declared(Settings) if not key.group]
    for name, setting, value in [*(one for one in top if one[0]), *default_vars()]:
        yield f"  {name}: {_flow(value)} # {setting}\n"


def _preset_table() -> Iterator[str]:
    paths = {key.name: key.path for key in declared(Settings) if key.words.shown == OF_INDUSTRY}
    yield "| industry | key | value | reason |"
    yield "| --- | --- | --- | --- |"
    for industry, numbers in presets().items():
        for name, preset in numbers.items():
            yield f"| `{industry}` | `{paths[name]}` | {_flow(float(preset.value))} | {preset.reason} |"


def _heading(group: str, part: type[SettingsPart]) -> str:
    summary = (part.__doc__ or "").strip().splitlines()[0]
    return f"## {f'`{group}`' if group else 'At the top of the file'}\n\n{summary if group else ''}".rstrip() + "\n"


def _table(keys: list[Declared]) -> Iterator[str]:
    yield "| key | type | default | bounds | meaning | reason for the default |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for key in keys:
        cells = (f"`{key.name}`", _type(key), _default(key), _bounds(key), key.words.meaning, key.reason)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type(key: Declared) -> str:
    kinds = members(key.field.annotation)
    names = []
    for kind in kinds:
        origin = get_origin(kind) or kind
        if origin is Literal:
            names += [f"`{word}`" for word in get_args(kind)]
        elif origin is dict:
            names.append("keys with values")
        else:
            bare = get_args(kind)[0] if hasattr(kind, "__metadata__") else origin
            names.append(_NAMES[bare])
    unit = f" ({key.words.unit})" if key.words.unit and _NAMES[int] + _NAMES[float] not in names else ""
    return " or ".join(names) + unit


def _default(key: Declared) -> str:
    if key.words.shown:
        return key.words.shown
    default = key.field.default
    return "none: must be set" if default is PydanticUndefined else f"`{_flow(default)}`"


def _bounds(key: Declared) -> str:
    inner = [one for kind in members(key.field.annotation) for one in _constraints(kind)]
    found = list(_limits([*inner, *key.field.metadata]))
    low = [one.ge for one in found if isinstance(one, at.Ge)]
    high = [one.le for one in found if isinstance(one, at.Le)]
    words = [f"at least {_flow(max(low))}"] if low else []  # type: ignore[type-var]  # all are numbers
    words += [f"at most {_flow(min(high))}"] if high else []  # type: ignore[type-var]
    words += [f"at most {one.max_length} characters" for one in found if isinstance(one, at.MaxLen)]
    return ", ".join(words)


def _constraints(kind: Any) -> list[Any]:
    """The constraints in the type of a value, or of the values of a `dict`."""
    metadata = list(getattr(kind, "__metadata__", ()))
    if get_origin(kind) is dict:
        metadata += _constraints(get_args(kind)[1])
    return metadata


def _limits(metadata: list[Any]) -> Iterator[Any]:
    """Each constraint, including those in a Field inside a type."""
    for one in metadata:
        yield from _limits(one.metadata) if hasattr(one, "metadata") else (one,)


def _flow(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_flow(one)}" for name, one in value.items()) + "}"
    if isinstance(value, SettingsPart):
        return _flow(dict(value))
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | float):
        return json.dumps(plain_number(value))
    return str(value)


if __name__ == "__main__":
    main()

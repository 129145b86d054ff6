"""The rows of rpt_setting: the settings in force that affect marts, so that readers can recompute a mart."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from pipelines.base.durable import write_durably
from pipelines.config.about import About
from pipelines.config.audiences import AudienceSettings
from pipelines.config.declared import Declared, declared
from pipelines.config.model_values import OF_INDUSTRY
from pipelines.config.model_vars import plain_number
from pipelines.config.presets import presets
from pipelines.config.settings import Settings

FILE = "settings.parquet"
# The keys at the top of the file that affect marts; the business numbers below `model` follow them.
_AT_THE_TOP = ("timezone", "currency", "industry", "history_months")
_OF_AUDIENCE = ("where", "channel", "holdout", "suppress", "quiet_days", "effect_days")
_NOTHING = "none"


@dataclass(frozen=True)
class InForce:
    """One setting in force.

    Attributes:
        setting: Its key in loyalty.yml, joined by points.
        value: The value as text.
        default_value: The value that applies if the file does not set one; None if there is no default.
        unit: Unit or kind of the value.
        source: `loyalty.yml`, `preset` (of the industry) or `default`.
        meaning: What the setting decides.
        default_reason: The reason for the default, or for the preset of the industry.
    """

    setting: str
    value: str
    default_value: str | None
    unit: str
    source: str
    meaning: str
    default_reason: str


def in_force(settings: Settings) -> list[InForce]:
    """Every setting in force, in the order of the declarations, without those that may name a person."""
    keys = [key for key in declared(Settings) if key.path in _AT_THE_TOP or key.path.startswith("model.")]
    rows = [row for key in keys if not key.words.is_private for row in _rows(key, settings)]
    return [*rows, *_of_audiences(settings)]


def audience_texts(audience: AudienceSettings) -> dict[str, str]:
    """The keys of an audience that decide about its members, with their values as text."""
    return {key: _text(getattr(audience, key)) for key in _OF_AUDIENCE}


def _of_audiences(settings: Settings) -> Iterator[InForce]:
    for name, audience in settings.audiences.items():
        for key, text in audience_texts(audience).items():
            field = AudienceSettings.model_fields[key]
            words = next(one for one in field.metadata if isinstance(one, About))
            usual = None if field.default is PydanticUndefined else _text(field.default)
            source = "loyalty.yml" if key in audience.model_fields_set else "default"
            unit = words.unit or "code"
            yield InForce(f"audiences.{name}.{key}", text, usual, unit, source, words.meaning, words.reason)


def write_settings(exchange: Path, settings: Settings) -> int:
    """Write `settings.parquet`, one row per setting, into the folder that a build reads; returns the number of rows."""
    rows = [asdict(row) for row in in_force(settings)]
    table = pa.Table.from_pylist(rows, schema=pa.schema([(field.name, pa.string()) for field in fields(InForce)]))
    write_durably(exchange / FILE, lambda path: pq.write_table(table, path, compression="zstd"))
    return len(rows)


def _rows(key: Declared, settings: Settings) -> Iterator[InForce]:
    """One row; if the value has several names, one row per name."""
    part: Any = settings
    is_given = True
    for name in key.path.split("."):
        is_given = is_given and name in part.model_fields_set
        part = getattr(part, name)
    default = key.field.default
    if isinstance(part, dict):
        for name, one in part.items():
            usual = _text(default[name]) if name in default else None
            source = "loyalty.yml" if is_given else "default"
            yield _row(key, f"{key.path}.{name}", _text(one), usual, source, key.reason)
        return
    usual, source, reason = None if default is PydanticUndefined else _text(default), "default", key.reason
    if key.words.shown == OF_INDUSTRY:
        preset = presets()[settings.industry][key.name]
        usual, source, reason = _text(float(preset.value)), "preset", preset.reason
    is_given = is_given and part is not None
    value = _text(part) if is_given or usual is None else usual
    yield _row(key, key.path, value, usual, "loyalty.yml" if is_given else source, reason)


def _row(key: Declared, setting: str, value: str, default: str | None, source: str, reason: str) -> InForce:
    return InForce(setting, value, default, key.words.unit or "code", source, key.words.meaning, reason)


def _text(value: object) -> str:
    assert not isinstance(value, BaseModel)
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or _NOTHING
    if value is None or isinstance(value, bool):
        return _NOTHING if value is None else json.dumps(value)
    return json.dumps(plain_number(value)) if isinstance(value, int | float) else str(value)

"""The types of values in loyalty.yml. Each type validates a value and brings it into one form.

The settings and their meaning are in schema.py.
"""

import math
import os
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, SecretStr, ValidationInfo

from pipelines.base.spelling import did_you_mean
from pipelines.base.text import has_control_characters, printable_name
from pipelines.config.presets import presets

# How values are read that can be read in two ways; options of `loyalty init` and `loyalty map`.
DateOrder = Literal["day-first", "month-first"]
DecimalMark = Literal["point", "comma"]

_MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s?([KMGT])(i?)B")
_LEAST_MEMORY = 16_000_000  # bytes; even a home with a single order needs more


def _absolute(path: Path, info: ValidationInfo) -> Path:
    """The absolute path; a relative path starts at the folder of the config file."""
    try:
        return Path(os.path.normpath(info.context["base"] / path.expanduser())) if info.context else path
    except RuntimeError as problem:
        raise ValueError(f"{path}: there is no such user, so `~` has no folder: write the full path") from problem


def _readable_path(path: Path) -> Path:
    """Reject a backslash, which DuckDB reads as a slash, and invisible characters, which a reader cannot notice."""
    if has_control_characters(str(path)) or "\\" in str(path):
        raise ValueError(
            f"the path {printable_name(str(path))} has a backslash or a character that cannot be shown: rename the"
            " folder or file"
        )
    return path


def _usable_home(path: Path) -> Path:
    """Reject `?`, at which DuckDB ends a database's path, and `=`: it reads a folder `key=value` as a column."""
    odd = sorted({sign for sign in "?=" if sign in str(path)})
    if odd:
        raise ValueError(
            f"the path {path} has {' '.join(odd)}, which DuckDB misreads in the path of a home: choose another folder"
        )
    there = next(place for place in (path, *path.parents) if os.path.lexists(place))
    if not os.path.isdir(there):  # noqa: PTH112 (Path.is_dir raises an error if access is denied)
        raise ValueError(f"the path {path} cannot be the home: {there} is not a folder")
    return path


def _known_mapping(mapping: str, info: ValidationInfo) -> str:
    """The name of a built-in mapping, or the absolute path of a mapping file."""
    built_in = Path(__file__).parents[1] / "landing" / "mappings"
    if re.fullmatch(r"[a-z][a-z0-9_]*", mapping):
        if not (built_in / f"{mapping}.yml").is_file():
            names = sorted(path.stem for path in built_in.glob("*.yml"))
            near = did_you_mean(mapping, names, f"there are: {', '.join(names)}; a path ends in .yml")
            raise ValueError(f"there is no built-in mapping `{mapping}`{near}")
        return mapping
    path = _absolute(Path(mapping), info)
    if not path.is_file():
        raise ValueError(f"there is no mapping file {path}")
    return str(path)


def _known_zone(name: str) -> str:
    zones = available_timezones()
    if name not in zones:
        raise ValueError(f"`{name}` is not a time zone{did_you_mean(name, zones, 'use a name such as Europe/London')}")
    return name


def _currency_code(text: str) -> str:
    if not re.fullmatch("[A-Z]{3}", text):
        raise ValueError(f"`{text}` is not a currency: write three capital letters, such as EUR")
    return text


def _known_industry(name: str) -> str:
    """A preset of business numbers."""
    names = list(presets())
    if name not in names:
        near = did_you_mean(name, names, f"there are: {', '.join(names)}")
        raise ValueError(f"there is no preset for `{name}`{near}")
    return name


def _memory_limit(text: str) -> str:
    found = _MEMORY.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text}` is not an amount of memory: write it as 4GB or 512MB")
    number, unit, binary = found.groups()
    if float(number) * (1024 if binary else 1000) ** ("KMGT".index(unit) + 1) < _LEAST_MEMORY:
        raise ValueError(f"`{text}` is too little memory: give at least {_LEAST_MEMORY // 1_000_000}MB")
    return text


def _usable_url(url: SecretStr) -> SecretStr:
    # the URL is a secret, so the message does not show it
    try:
        parts = urlsplit(url.get_secret_value())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and _can_be_sent_to(url)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("the value of LOYALTY_WEBHOOK_URL is not a URL that begins with https:// or http://")
    return url


def _can_be_sent_to(url: SecretStr) -> bool:
    """Whether the library that sends notifications accepts the URL.

    Raises:
        ValueError: The library rejects it.
    """
    # imported late, because it is slow to import and few installations send notifications
    import requests

    sent_to = requests.Request("POST", url.get_secret_value()).prepare().url or ""
    return bool((urlsplit(sent_to).hostname or "").encode("idna"))


def parse_as_of(text: object) -> object:
    """A day `YYYY-MM-DD` as a date; `latest` and `yesterday` unchanged.

    Raises:
        ValueError: The text is none of these.
    """
    words = ("latest", "yesterday")
    return text if text in words else _date(text, words, "write it as 2024-01-31, latest or yesterday")


def parse_day(text: object) -> object:
    """A day `YYYY-MM-DD` as a date.

    Raises:
        ValueError: The text is not such a day.
    """
    return _date(text, (), "write it as 2024-01-31")


def _date(text: object, words: tuple[str, ...], how: str) -> date:
    if isinstance(text, date):
        return text
    if isinstance(text, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError as problem:
            raise ValueError(f"`{text}` is not a day of the calendar: correct it") from problem
    word = "" if text is None else str(text)
    raise ValueError(f"`{word}` is not a day{did_you_mean(word, words, how)}")


def parse_check_limit(value: object) -> int | float | str:
    """A limit or a severity of a quality check.

    Raises:
        ValueError: It is neither a finite number nor text.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str) or not _is_finite(value):
        shown = str(value).lower() if isinstance(value, bool) else value
        raise ValueError(f"must be a number, a day (2024-01-31) or a severity (error, warn), but is `{shown}`")
    return value


def _is_finite(value: int | float | str) -> bool:
    return isinstance(value, str) or math.isfinite(value)


Day = Annotated[date, BeforeValidator(parse_day)]
AsOf = Annotated[date | Literal["latest", "yesterday"], BeforeValidator(parse_as_of)]
FilePath = Annotated[Path, AfterValidator(_absolute), AfterValidator(_readable_path)]
HomeFolder = Annotated[FilePath, AfterValidator(_usable_home)]
MappingName = Annotated[str, AfterValidator(_known_mapping)]
CurrencyCode = Annotated[str, AfterValidator(_currency_code)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Industry = Annotated[str, AfterValidator(_known_industry)]
WebhookUrl = Annotated[SecretStr, AfterValidator(_usable_url)]
Memory = Annotated[str, AfterValidator(_memory_limit)]

# a number, a day as text, or a severity; what a check allows is known when its suite is read (quality/in_force.py)
CheckLimit = Annotated[int | float | str, BeforeValidator(parse_check_limit)]

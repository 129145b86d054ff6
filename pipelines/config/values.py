"""The kinds of value that loyalty.yml can hold: each checked and brought into one form.

Fields and their meaning are in settings.py; here is only what makes a zone a zone and a path a path.
"""

import os
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StrictFloat, StrictInt, ValidationInfo

from pipelines.base.spelling import did_you_mean
from pipelines.base.text import has_control_characters, printable_name
from pipelines.config.presets import presets

_MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s?([KMGT])(i?)B")
_LEAST_MEMORY = 16_000_000  # bytes; a home with a single order needs more


def _absolute(path: Path, info: ValidationInfo) -> Path:
    """A path in the file is relative to the file's folder."""
    try:
        return Path(os.path.normpath(info.context["base"] / path.expanduser())) if info.context else path
    except RuntimeError as problem:
        raise ValueError(f"{path}: there is no such user, whose home folder could be meant") from problem


def _readable_path(path: Path) -> Path:
    """DuckDB takes a backslash for a slash, and what cannot be shown cannot be told apart."""
    if has_control_characters(str(path)) or "\\" in str(path):
        raise ValueError(f"the path {printable_name(str(path))} has a backslash or a character that cannot be shown")
    return path


def _usable_home(path: Path) -> Path:
    """DuckDB ends a database's path at `?`, and reads a folder `key=value` as a column."""
    odd = sorted({sign for sign in "?=" if sign in str(path)})
    if odd:
        raise ValueError(f"the path {path} has {' '.join(odd)}, which the home's path cannot have: choose another")
    there = next(place for place in (path, *path.parents) if os.path.lexists(place))
    if not os.path.isdir(there):  # noqa: PTH112 (the other way raises where nobody may look)
        raise ValueError(f"the path {path} cannot be the home: {there} is no folder")
    return path


def _known_mapping(mapping: str, info: ValidationInfo) -> str:
    """A built-in mapping keeps its name; anything else is a path to one."""
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
    # it is a secret: what is wrong is said without showing it
    try:
        parts = urlsplit(url.get_secret_value())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and _can_be_sent_to(url)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("the value of LOYALTY_WEBHOOK_URL is no URL that begins with https:// or http://")
    return url


def _can_be_sent_to(url: SecretStr) -> bool:
    """Whether what sends takes it.

    Raises:
        ValueError: It does not.
    """
    # imported late: it takes its time, and few installations notify anybody
    import requests

    sent_to = requests.Request("POST", url.get_secret_value()).prepare().url or ""
    return bool((urlsplit(sent_to).hostname or "").encode("idna"))


def parse_as_of(text: object) -> object:
    """A day `YYYY-MM-DD` as a date; `latest` and `yesterday` as they are.

    Raises:
        ValueError: It is none of these.
    """
    words = ("latest", "yesterday")
    return text if text in words else _date(text, words, "write it as 2024-01-31, latest or yesterday")


def parse_day(text: object) -> object:
    """A day `YYYY-MM-DD` as a date.

    Raises:
        ValueError: It is none.
    """
    return _date(text, (), "write it as 2024-01-31")


def _date(text: object, words: tuple[str, ...], how: str) -> date:
    if isinstance(text, date):
        return text
    if isinstance(text, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError as problem:
            raise ValueError(f"`{text}` is not a day of the calendar") from problem
    word = "" if text is None else str(text)
    raise ValueError(f"`{word}` is not a day{did_you_mean(word, words, how)}")


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
CheckLimit = StrictInt | Annotated[StrictFloat, Field(allow_inf_nan=False)] | str

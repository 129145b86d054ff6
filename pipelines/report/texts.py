"""The texts of the report in each language: `texts/<language>.yml`, one catalogue with the same keys for all."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

LANGUAGES = ("en", "zh")
_FOLDER = Path(__file__).parent / "texts"


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every text of a language by its key, such as `pages.overview.title`."""
    found: dict[str, str] = {}
    _flatten(yaml.safe_load((_FOLDER / f"{language}.yml").read_text(encoding="utf-8")), "", found)
    return found


def _flatten(node: Mapping[str, Any], prefix: str, found: dict[str, str]) -> None:
    for key, value in node.items():
        if isinstance(value, dict):
            _flatten(value, f"{prefix}{key}.", found)
        else:
            found[f"{prefix}{key}"] = str(value).strip()


class Texts:
    """The texts of one language.

    Args:
        language: One of LANGUAGES.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = catalogue(language)

    def get(self, key: str, **values: str) -> str:
        """A text, with its placeholders filled.

        Raises:
            KeyError: There is no such text: a fault of the program, which a test finds.
        """
        return self._texts[key].format(**values)

    def find(self, key: str, **values: str) -> str:
        """A text that need not exist; empty if it does not."""
        return self.get(key, **values) if key in self._texts else ""

"""The business numbers as vars of the dbt project, and their defaults for a block of dbt_project.yml.

With this block, dbt can parse and run unit tests without the CLI. `python -m pipelines.config.reference` writes it.
"""

from collections.abc import Iterator

from pipelines.config.about import about
from pipelines.config.model import ModelSettings
from pipelines.config.parts import SettingsPart

Number = int | float
Var = str | Number | dict[str, Number] | list[str] | list[Number]


def model_vars(model: ModelSettings) -> dict[str, Var]:
    """The business numbers in force by the name of their var, without those that come from the industry's preset."""
    return {name: value for name, _, value in _vars(model, "model")}


def default_vars() -> Iterator[tuple[str, str, Var]]:
    """The name, setting and default of each var that has a default."""
    return _vars(ModelSettings(), "model")


def _vars(part: SettingsPart, at: str) -> Iterator[tuple[str, str, Var]]:
    for name, field in type(part).model_fields.items():
        value, words = getattr(part, name), about(field)
        if words is None:
            yield from _vars(value, f"{at}.{name}")
        elif words.var and value is not None:
            yield words.var, f"{at}.{name}", _plain(value)


def _plain(value: object) -> Var:
    """A value in the form of JSON and SQL: whole numbers have no decimal point."""
    if isinstance(value, SettingsPart):
        return {name: plain_number(one) for name, one in value}
    if isinstance(value, dict):
        return {str(name): plain_number(one) for name, one in value.items()}
    if isinstance(value, tuple):
        numbers = [plain_number(one) for one in value if isinstance(one, int | float)]
        if numbers:
            return numbers
        return [str(name) for name in value]
    if isinstance(value, str):
        return value
    assert isinstance(value, int | float)
    return plain_number(value)


def plain_number(value: Number) -> Number:
    """A whole number as int, for example 2 for 2.0; any other number unchanged."""
    return int(value) if float(value).is_integer() else value

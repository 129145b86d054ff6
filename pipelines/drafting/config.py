"""Writes the text of a config for `loyalty init`."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.drafting.text import scalar


@dataclass(frozen=True)
class DraftedSource:
    """A source of the config.

    Attributes:
        mapping: The name of a built-in mapping, or the path of a mapping file.
        files: The folder of its files.
    """

    mapping: str
    files: str


@dataclass(frozen=True)
class DraftedConfig:
    """What a config needs.

    Attributes:
        industry: The preset of business numbers.
        timezone: The zone of the business day.
        currency: The reporting currency.
        sources: The sources.
    """

    industry: str
    timezone: str
    currency: str
    sources: Sequence[DraftedSource]


def config_text(config: DraftedConfig) -> str:
    """The text of loyalty.yml. Its paths start at its folder."""
    lines = [
        "# docs/settings.md explains every key.",
        "home: home # landed files, the warehouse and the published versions",
        "as_of: latest # the day that the marts describe: the last one with an event of a customer",
        f"timezone: {scalar(config.timezone)} # of the business day",
        f"currency: {scalar(config.currency)} # of every amount in the marts",
        f"industry: {scalar(config.industry)} # sets defaults of business settings; `model` overrides them",
        "sources:",
    ]
    for source in config.sources:
        lines += [f"  - mapping: {scalar(source.mapping)}", f"    files: {scalar(source.files)}"]
    return "\n".join(lines) + "\n"

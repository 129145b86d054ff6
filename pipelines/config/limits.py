"""How much may be in quarantine before a run warns or stops: the part `quarantine` of loyalty.yml.

Only the figures and what makes them sensible; what they are held against is in quality/quarantine.py.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from pipelines.base.spelling import did_you_mean
from pipelines.config.about import About
from pipelines.config.parts import SettingsPart

UNREADABLE = "unreadable"
PAIRS = (("warn_share", "stop_share"), ("warn_value_share", "stop_value_share"))


def _known_entity(name: str) -> str:
    # imported late: landing needs more than a config does, and few configs name an entity
    from pipelines.base.entities import ENTITIES

    names = (*ENTITIES, UNREADABLE)
    if name not in names:
        near = did_you_mean(name, names, f"there are: {', '.join(names)}")
        raise ValueError(f"there is no entity `{name}`{near}")
    return name


EntityName = Annotated[str, AfterValidator(_known_entity)]
Share = Annotated[float, Field(ge=0, le=1)]


class Limits(SettingsPart):
    """The limits on what is in quarantine, by share of the rows and by share of their value."""

    warn_share: Annotated[
        Share,
        About(
            "Above this share of the rows a run warns; 1 for never.",
            "A few bad rows in a hundred are usual; more is news.",
            "share",
        ),
    ] = 0.05
    stop_share: Annotated[
        Share,
        About(
            "Above this share of the rows a run stops before anything is built; 1 for never.",
            "With a quarter of the rows missing no figure can be used.",
            "share",
        ),
    ] = 0.25
    warn_value_share: Annotated[
        Share,
        About(
            "Above this share of the value of the rows a run warns; 1 for never.",
            "Few rejected rows can be much revenue, and revenue that is wrong by more than one percent misleads.",
            "share",
        ),
    ] = 0.01
    stop_value_share: Annotated[
        Share,
        About(
            "Above this share of the value of the rows a run stops before anything is built; 1 for never.",
            "With a quarter of the value missing no figure can be used.",
            "share",
        ),
    ] = 0.25
    min_rows: Annotated[
        int, About("With fewer rows no limit applies.", "One bad row of three says little.", "rows")
    ] = Field(default=20, ge=1)

    @model_validator(mode="after")
    def _warns_before_it_stops(self) -> Self:
        _in_order(self)
        return self


class OwnLimits(SettingsPart):
    """What one entity has of its own; None where it has what all have."""

    warn_share: Share | None = None
    stop_share: Share | None = None
    warn_value_share: Share | None = None
    stop_value_share: Share | None = None
    min_rows: int | None = Field(default=None, ge=1)


class QuarantineSettings(Limits):
    """Limits for all, and for single entities."""

    entities: Annotated[
        dict[EntityName, OwnLimits],
        About(
            "Limits of single entities, each with the keys above; `unreadable` for records that could not be read,"
            " counted against all records of a file.",
            "All entities have the same limits.",
            shown="none",
        ),
    ] = Field(default_factory=dict)

    @field_validator("entities")
    @classmethod
    def _each_warns_before_it_stops(cls, entities: dict[str, OwnLimits], info: ValidationInfo) -> dict[str, OwnLimits]:
        if {name for pair in PAIRS for name in pair} <= info.data.keys():
            for name, own in entities.items():
                _in_order(_merged(info.data, own), f"{name}: ")
        return entities

    def of(self, entity: str) -> Limits:
        """What holds for an entity."""
        return _merged(self.model_dump(include=set(Limits.model_fields)), self.entities.get(entity, OwnLimits()))


def _merged(general: Mapping[str, Any], own: OwnLimits) -> Limits:
    return Limits.model_construct(**{**general, **own.model_dump(exclude_none=True)})  # every value has been checked


def _in_order(limits: Limits, whose: str = "") -> None:
    for warn, stop in PAIRS:
        if getattr(limits, warn) > getattr(limits, stop):
            raise ValueError(f"{whose}{warn} {getattr(limits, warn):g} is above {stop} {getattr(limits, stop):g}")

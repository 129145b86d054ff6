"""How much may be in quarantine before a run warns or stops: the group `quarantine` of loyalty.yml.

Only the limits and their validation are here; quality/quarantine.py compares them with the data.
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
    # imported late, because it is slow to import and few configs name an entity
    from pipelines.base.entities import ENTITIES

    names = (*ENTITIES, UNREADABLE)
    if name not in names:
        near = did_you_mean(name, names, f"there are: {', '.join(names)}")
        raise ValueError(f"there is no entity `{name}`{near}")
    return name


EntityName = Annotated[str, AfterValidator(_known_entity)]
Share = Annotated[float, Field(ge=0, le=1)]


class Limits(SettingsPart):
    """Limits on the quarantine, by share of the rows and by share of their value."""

    warn_share: Annotated[
        Share,
        About(
            "A run warns if a larger share of the rows is in quarantine; 1 means never.",
            "A few bad rows in a hundred are usual; more is worth a warning.",
            "share",
        ),
    ] = 0.05
    stop_share: Annotated[
        Share,
        About(
            "A run stops before anything is built if a larger share of the rows is in quarantine; 1 means never.",
            "If a quarter of the rows is missing, no figure can be used.",
            "share",
        ),
    ] = 0.25
    warn_value_share: Annotated[
        Share,
        About(
            "A run warns if rows with a larger share of the value are in quarantine; 1 means never.",
            "A few rejected rows can have a high value, and an error in revenue of more than one percent misleads.",
            "share",
        ),
    ] = 0.01
    stop_value_share: Annotated[
        Share,
        About(
            "A run stops before anything is built if rows with a larger share of the value are in quarantine; 1 means"
            " never.",
            "If a quarter of the value is missing, no figure can be used.",
            "share",
        ),
    ] = 0.25
    min_rows: Annotated[
        int, About("No limit applies to fewer rows than this.", "One bad row in three proves little.", "rows")
    ] = Field(default=20, ge=1)

    @model_validator(mode="after")
    def _warns_before_it_stops(self) -> Self:
        _in_order(self)
        return self


class OwnLimits(SettingsPart):
    """Limits of one entity; None means that the general limit applies."""

    warn_share: Share | None = None
    stop_share: Share | None = None
    warn_value_share: Share | None = None
    stop_value_share: Share | None = None
    min_rows: int | None = Field(default=None, ge=1)


class QuarantineSettings(Limits):
    """How much may be in quarantine before a run warns or stops, for all entities and for single ones."""

    entities: Annotated[
        dict[EntityName, OwnLimits],
        About(
            "Limits for single entities, with the same keys as above. The name `unreadable` is for records that could"
            " not be read; they are counted as a share of all records of a file.",
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
        """The limits that apply to an entity."""
        return _merged(self.model_dump(include=set(Limits.model_fields)), self.entities.get(entity, OwnLimits()))


def _merged(general: Mapping[str, Any], own: OwnLimits) -> Limits:
    return Limits.model_construct(**{**general, **own.model_dump(exclude_none=True)})  # every value has been checked


def _in_order(limits: Limits, whose: str = "") -> None:
    for warn, stop in PAIRS:
        if getattr(limits, warn) > getattr(limits, stop):
            raise ValueError(
                f"{whose}{warn} {getattr(limits, warn):g} is above {stop} {getattr(limits, stop):g}, so the run would"
                " stop before it warns: lower the first, or raise the second"
            )

"""What a setting says about itself, beside its type, default and bounds: one declaration for all who show it.

Errors take the example from here; docs/settings.md (reference.py) and the mart rpt_setting (in_force.py) take the rest.
"""

from dataclasses import dataclass

from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class About:
    """The words of one setting, as metadata of its field.

    Attributes:
        meaning: What it decides, in one sentence.
        reason: Why the default is what it is; empty if there is no default.
        unit: Unit or kind of the value.
        example: What a user who has to choose could write.
        shown: The default in words, if it is not a constant.
        var: The var of the dbt project that takes the value; empty if it takes none.
    """

    meaning: str
    reason: str = ""
    unit: str = ""
    example: str = ""
    shown: str = ""
    var: str = ""


def about(field: FieldInfo) -> About | None:
    """What a field says about itself; None for a group of settings."""
    return next((one for one in field.metadata if isinstance(one, About)), None)

"""The description of a setting, besides its type, default and bounds. It is declared once and used everywhere.

Error messages use the example; docs/settings.md (reference.py) and the mart rpt_setting (in_force.py) use the rest.
"""

from dataclasses import dataclass

from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class About:
    """The description of one setting, as metadata of its field.

    Attributes:
        meaning: What the setting decides, in one sentence.
        reason: The reason for the default; empty if there is no default.
        unit: Unit or kind of the value.
        example: An example value, for settings without a default.
        shown: The default in words, if it is not a constant.
        var: The dbt var that receives the value; empty if there is none.
        is_private: Whether the value may name a person. Then rpt_setting has no row for it.
    """

    meaning: str
    reason: str = ""
    unit: str = ""
    example: str = ""
    shown: str = ""
    var: str = ""
    is_private: bool = False


def about(field: FieldInfo) -> About | None:
    """The description of a field; None for a group of settings without one."""
    return next((one for one in field.metadata if isinstance(one, About)), None)

"""The group `push` of loyalty.yml: which columns of the marts are written into which fields of a CRM."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pipelines.base.spelling import did_you_mean
from pipelines.config.about import About
from pipelines.config.audience_columns import audience_columns
from pipelines.config.audiences import AudienceName
from pipelines.config.parts import SettingsPart

FieldName = Annotated[str, Field(pattern=r"^[A-Za-z]\w{0,99}$")]
Trigger = Literal["workflow", "approval", "blueprint"]

_MOST_FIELDS = 40  # a record is read with 50 fields at most


def _known(fields: Mapping[str, str]) -> Mapping[str, str]:
    columns = audience_columns()
    for column in fields:
        if column not in columns:
            near = did_you_mean(column, columns, "docs/push.md lists the marts with one row per customer")
            raise ValueError(f"no mart with one row per customer has the column `{column}`{near}")
    if len(fields) > _MOST_FIELDS:
        raise ValueError(f"writes {len(fields)} fields; at most {_MOST_FIELDS} are possible")
    if len(set(fields.values())) < len(fields):
        raise ValueError("writes two columns into one field")
    return fields


class PushedAudiences(SettingsPart):
    """A field of the CRM that names the audiences of a customer who is to be contacted."""

    field: Annotated[
        FieldName,
        About(
            "The API name of the field: a text, or a choice of several values. Only this program may write it.",
            example="Loyalty_Audiences",
        ),
    ]
    names: Annotated[
        tuple[AudienceName, ...],
        About("The audiences that are written. Each of them is declared in `audiences`.", example="[win_back]"),
    ] = Field(min_length=1)


class PushSettings(SettingsPart):
    """What is written into the records of one object of a CRM (docs/push.md)."""

    source: Annotated[
        str,
        About(
            "The name of a source that is pulled from Zoho CRM or Fxiaoke. Its connection is used.",
            example="zoho",
        ),
    ]
    object: Annotated[
        FieldName,
        About("The API name of the module or object whose records are customers.", example="Contacts"),
    ]
    fields: Annotated[
        Annotated[dict[str, FieldName], AfterValidator(_known)],
        About(
            "The columns of the marts with one row per customer, each with the API name of the field that receives it.",
            example="{level: Loyalty_Level, next_action: Next_Action}",
        ),
    ] = Field(min_length=1)
    audiences: PushedAudiences | None = None
    trigger: Annotated[
        tuple[Trigger, ...],
        About(
            "What a change of these fields starts in the CRM: `workflow`, `approval`, `blueprint` (Zoho CRM only).",
            "The first push changes every record, and must not send every customer a message.",
            shown="none",
        ),
    ] = ()


def _once(entries: tuple[PushSettings, ...]) -> tuple[PushSettings, ...]:
    seen = set()
    for one in entries:
        if one.audiences and one.audiences.field in one.fields.values():
            raise ValueError(f"the field `{one.audiences.field}` would receive a column and the audiences")
        if (one.source, one.object) in seen:
            raise ValueError(f"`{one.object}` of `{one.source}` is named twice: write all of its fields in one entry")
        seen.add((one.source, one.object))
    return entries


Pushes = Annotated[tuple[PushSettings, ...], AfterValidator(_once)]

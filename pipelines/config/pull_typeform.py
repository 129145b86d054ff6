"""The group `pull.typeform` of a source: what is pulled from Typeform."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from pipelines.config.about import About
from pipelines.config.parts import SettingsPart
from pipelines.config.pull_woocommerce import SAFE_URL

FormId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=60)]


class TypeformSettings(SettingsPart):
    """What is pulled from Typeform by its API (docs/sources.md)."""

    url: Annotated[
        str,
        About(
            "The address of the API. Accounts in the data centre of the EU have another one, such as"
            " `https://api.eu.typeform.com`.",
            "It is that of most accounts.",
        ),
    ] = Field(default="https://api.typeform.com", pattern=SAFE_URL)
    environment_prefix: Annotated[
        str,
        About(
            "The beginning of the name of the environment variable with the personal token: `…_TOKEN`.",
            "One account needs one.",
        ),
    ] = Field(default="TYPEFORM", pattern=r"^[A-Z][A-Z0-9_]{0,60}$")
    forms: Annotated[
        tuple[FormId, ...],
        About(
            "The IDs of the forms. Without any, all forms that the token may read.", "New forms are then pulled too."
        ),
    ] = ()
    types: Annotated[
        tuple[Literal["completed", "partial", "started"], ...],
        About(
            "Which responses are pulled: submitted ones, those with some answers, those without.",
            "Not every account has responses that were not submitted.",
        ),
    ] = Field(default=("completed",), min_length=1)
    page_size: Annotated[
        int, About("The number of responses per request.", "It is the largest number that the API allows.")
    ] = Field(default=1_000, ge=1, le=1_000)
    overlap_minutes: Annotated[
        int,
        About(
            "A pull reads again what was submitted in this time before the last one.",
            "The API does not give responses of about the last 30 minutes.",
            "minutes",
        ),
    ] = Field(default=1_440, ge=60, le=100_800)
    full_read_days: Annotated[
        int,
        About(
            "After this number of days, a pull reads all responses again.",
            "Responses can be imported with earlier times.",
            "days",
        ),
    ] = Field(default=30, ge=1, le=3_650)

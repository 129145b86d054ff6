"""The group `pull.fxiaoke` of a source: what is pulled from Fxiaoke (纷享销客)."""

from typing import Annotated

from pydantic import Field, StringConstraints

from pipelines.config.about import About
from pipelines.config.parts import SettingsPart
from pipelines.config.pull_woocommerce import SAFE_URL

ObjectName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*(__c)?$", max_length=100)]
Condition = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*=[^=\s]+$", max_length=200)]


class FxiaokeSettings(SettingsPart):
    """What is pulled from Fxiaoke (纷享销客) by its open interface (docs/sources.md)."""

    url: Annotated[
        str,
        About(
            "The address of the interface. A private or regional cloud has its own, such as"
            " `https://open-hwcloud.fxiaoke.com`.",
            "It is that of the vendor's own cloud.",
        ),
    ] = Field(default="https://open.fxiaoke.com", pattern=SAFE_URL)
    environment_prefix: Annotated[
        str,
        About(
            "The beginning of the names of the environment variables with the credentials: `…_APP_ID`, `…_APP_SECRET`,"
            " `…_PERMANENT_CODE` and `…_OPEN_USER_ID`.",
            "One company needs one set.",
        ),
    ] = Field(default="FXIAOKE", pattern=r"^[A-Z][A-Z0-9_]{0,60}$")
    objects: Annotated[
        tuple[ObjectName, ...],
        About(
            "The API names of the objects. Names of custom objects end in `__c`.",
            "The built-in mapping `fxiaoke_api` takes these.",
        ),
    ] = Field(
        default=(
            *("AccountObj", "ContactObj", "CasesObj", "ServiceRecordObj", "ActiveRecordObj", "SalesOrderObj"),
            *("ReturnedGoodsInvoiceObj", "RefundObj", "MemberObj", "MemberGradeObj", "MemberIntegralDetailObj"),
        ),
        min_length=1,
    )
    void: Annotated[
        tuple[Condition, ...],
        About(
            "A query may not show void and deleted records. Each object is queried once more for each of these values.",
            "The vendor marks void records with the first one, and deleted records with the second one.",
        ),
    ] = ("life_status=invalid", "is_deleted=true")
    page_size: Annotated[
        int, About("The number of records per request.", "It is the largest number that the vendor allows.")
    ] = Field(default=100, ge=1, le=100)
    overlap_minutes: Annotated[
        int,
        About(
            "A pull also reads what has changed since this long before the last pull.",
            "It covers clocks of the vendor that differ, and records that are stored late.",
            "minutes",
        ),
    ] = Field(default=30, ge=0, le=10_080)
    full_read_days: Annotated[
        int,
        About(
            "After this number of days, a pull reads everything again.",
            "Calculated fields and new names of options do not change the time of a record.",
            "days",
        ),
    ] = Field(default=30, ge=1, le=3_650)

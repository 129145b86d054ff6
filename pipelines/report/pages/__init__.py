"""The pages of the report: each module declares one page. The order here is the order in the report."""

from pipelines.report.blocks import Page
from pipelines.report.pages import (
    actions,
    lenses,
    migration,
    overview,
    programme,
    quality,
    retention,
    risk,
    value,
    voice,
)

PAGES: tuple[Page, ...] = (
    overview.PAGE,
    risk.PAGE,
    actions.PAGE,
    voice.PAGE,
    value.PAGE,
    retention.PAGE,
    migration.PAGE,
    lenses.PAGE,
    programme.PAGE,
    quality.PAGE,
)

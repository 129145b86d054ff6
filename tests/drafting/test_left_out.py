"""Every column of a recognised export is taken, left out as no question, or listed as not mapped."""

from datetime import date

import pytest

from pipelines.drafting import Wishes, draft_mapping, files_below
from tests.exports.exported import EXPORTS


@pytest.mark.parametrize(
    ("system", "unmapped", "no_questions"),
    [
        ("surveymonkey", "What could we do better? / Open-Ended Response", "IP Address"),
        ("typeform", "What else?", "Network ID"),
        ("google_forms", "Comments", ""),
        ("survey_wide", "Parking", ""),
        ("wjx", "4、您希望我们改进什么？", "来自IP"),
        ("shopify", "Fulfillment Status", ""),
        ("fxiaoke_api", "vip__c", ""),
    ],
)
def test_columns_that_a_built_in_mapping_does_not_take_are_listed(
    system: str, unmapped: str, no_questions: str
) -> None:
    draft = draft_mapping(list(files_below(EXPORTS / system)), Wishes(timezone="UTC"), date(2024, 5, 31))
    assert any(unmapped in columns for columns in draft.unmapped.values())
    left_out = [column for columns in draft.no_questions.values() for column in columns]
    assert no_questions in left_out if no_questions else not left_out
    listed = [column.lower() for columns in draft.unmapped.values() for column in columns]
    assert "email" not in listed and "email address" not in listed

"""Columns of answers and invitations that a draft finds by the names that survey tools give them."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from pipelines.drafting import Wishes, draft_mapping


def columns(path: Path, text: str, entity: str) -> dict[str, str]:
    """The columns that are drafted for a file."""
    path.write_text(text)
    (entry,) = yaml.safe_load(draft_mapping([path], Wishes(), date(2024, 5, 31)).text)["files"]
    return dict(entry["entities"][entity]["columns"])


@pytest.mark.parametrize("name", ["Person Email", "Respondent Email", "Recipient Email"])
def test_the_address_of_the_person_who_answered_is_found(tmp_path: Path, name: str) -> None:
    rows = "".join(f"r{n},{n % 11},c{n}@example.com,2024-04-0{n + 1} 10:00:00\n" for n in range(9))
    drafted = columns(tmp_path / "responses.csv", f"Response ID,Score,{name},Created At\n{rows}", "survey_answers")
    assert drafted["email"] == name


def test_the_date_on_which_an_invitation_was_sent_is_found(tmp_path: Path) -> None:
    rows = "".join(f"i{n},SV_1,c{n}@example.com,2024-04-0{n + 1} 10:00:00\n" for n in range(9))
    text = f"Invitation ID,Survey ID,Email,Sent Date\n{rows}"
    assert columns(tmp_path / "invitations.csv", text, "survey_invitations")["sent_at"] == "Sent Date"

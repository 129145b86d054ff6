"""Drafts of campaign touches, advice on archives, and files of a system whose names say more than their columns."""

import zipfile
from datetime import date
from pathlib import Path

import pytest
import yaml

from pipelines.base.errors import InputError
from pipelines.drafting import Draft, Wishes, draft_mapping
from tests.exports.exported import EXPORTS
from tests.pipeline.landing_desk import Desk

TODAY = date(2024, 5, 31)
WISHES = Wishes(source="mails", timezone="UTC", currency="EUR")
TOUCHES = "Email Address,Campaign Name,{}\nAda@example.com,Spring,2024-04-01 08:00:00\n"


def drafted(folder: Path, name: str, content: str) -> Draft:
    (folder / name).write_text(content, encoding="utf-8")
    return draft_mapping([folder / name], WISHES, TODAY)


def zipped(path: Path, *files: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.write(file, file.name)
    return path


def test_touches_belong_to_the_person_with_the_e_mail(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "received_x.csv", TOUCHES.format("Sent At"))
    desk = Desk(tmp_path / "desk")
    desk.mapping.write_text(draft.text, encoding="utf-8")
    desk.put("received_x.csv", TOUCHES.format("Sent At"))
    desk.land()
    assert desk.query(
        "select c.email, t.campaign_id, t.action from landed('campaign_touches') as t"
        " join landed('customers') as c using (customer_ref)"
    ) == [("ada@example.com", "Spring", "sent")]
    assert not draft.unmapped["campaign_touches"]


@pytest.mark.parametrize(
    ("name", "column", "action", "mark"),
    [
        ("export.csv", "Sent At", "sent", "assumed: action: the column `Sent At`"),
        ("opened_spring.csv", "Date", "opened", "assumed: action: the name of the file"),
        ("spring clicks.csv", "Date", "clicked", "assumed: action: the name of the file"),
        ("opened and clicked.csv", "Date", "sent", "to decide before a run: action: no column says"),
        ("not opened.csv", "Date", "sent", "to decide before a run: action: no column says"),
        ("april.csv", "Date", "sent", "to decide before a run: action: no column says"),
    ],
)
def test_what_happened_is_in_a_name_or_has_to_be_decided(
    tmp_path: Path, name: str, column: str, action: str, mark: str
) -> None:
    draft = drafted(tmp_path, name, TOUCHES.format(column))
    (entry,) = yaml.safe_load(draft.text)["files"]
    assert entry["entities"]["campaign_touches"]["columns"]["action"] == f"'{action}'"
    assert mark in draft.text


def test_touches_of_nobody_have_to_be_decided(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "sent.csv", "Campaign Name,Sent At,Subject\nSpring,2024-04-01 08:00:00,Hi\n")
    assert "to decide: customer_ref: no column says who the customer is" in draft.text


def test_an_archive_with_files_of_several_kinds_is_explained(tmp_path: Path) -> None:
    files = [EXPORTS / "shopify" / name for name in ("orders_export.csv", "customers_export.csv")]
    with pytest.raises(InputError, match=r"orders_export.csv \(.*shopify \(orders\).*customers_export.csv") as refused:
        draft_mapping([zipped(tmp_path / "export.zip", *files)], Wishes(), TODAY)
    assert "Unpack it" in str(refused.value.hint)


def test_an_archive_with_files_that_only_their_names_distinguish_is_explained(tmp_path: Path) -> None:
    (subscribed,) = (EXPORTS / "mailchimp").glob("subscribed*.csv")
    other = tmp_path / "nonsubscribed_email_audience_export_1.csv"
    other.write_bytes(subscribed.read_bytes())
    with pytest.raises(InputError, match=r"mailchimp \(subscribed\).* mailchimp \(nonsubscribed\)"):
        draft_mapping([zipped(tmp_path / "audience.zip", subscribed, other)], Wishes(), TODAY)


def test_a_renamed_file_that_several_entries_read_has_to_be_decided(tmp_path: Path) -> None:
    (subscribed,) = (EXPORTS / "mailchimp").glob("subscribed*.csv")
    (tmp_path / "Members.csv").write_bytes(subscribed.read_bytes())
    draft = draft_mapping([tmp_path / "Members.csv"], Wishes(), TODAY)
    assert draft.text.startswith(
        "# to decide before a run: entries of mailchimp differ only in file names, and this name fits none"
    )
    assert "unsubscribed or nonsubscribed" in " ".join(draft.text.replace("# ", "").split())


def test_a_column_with_the_name_of_the_system_is_enough(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "list of vips.csv", "Email,Klaviyo ID,First Name,Shoe\nada@example.com,01HA,Ada,40\n")
    assert yaml.safe_load(draft.text)["extends"] == "klaviyo"


def test_questions_whose_names_say_nothing_are_recognised_by_the_run(tmp_path: Path) -> None:
    text = "Respondent ID,Submitted at,How friendly was our staff?,NPS?\n1,2024-04-01 10:00,4,\n"
    draft = drafted(tmp_path, "Export.csv", text.replace(",NPS?", ",Which colour?"))
    rows = yaml.safe_load(draft.text)["files"][0]["entities"]["survey_answers"]
    assert (rows["each"], rows["wording"]) == ("columns", "item.name")
    assert "to decide: no column's name says what it measures" in draft.text


def test_a_file_that_looks_like_nothing_is_not_called_orders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no entity fits its columns"):
        drafted(tmp_path, "Export.csv", "Alpha,Beta,Gamma\n1,x,y\n")


def test_the_name_of_an_entry_in_that_of_a_file_decides_between_entries_of_one_layout(tmp_path: Path) -> None:
    for name in ("Received Email - Spring.csv", "Opened Email - Spring [1].csv", "Spring clicked.csv"):
        (tmp_path / name).write_text("Email,Klaviyo ID,Campaign Name,Event Time\na@x.org,1,S,2024-04-01T08:00Z\n")
    draft = draft_mapping(sorted(tmp_path.iterdir()), Wishes(), TODAY)
    assert "to decide" not in draft.text
    assert yaml.safe_load(draft.text)["files"] == {
        "received": {"match": "Received Email - Spring.csv"},
        "opened": {"match": "Opened Email - Spring ?1].csv"},
        "clicked": {"match": "Spring clicked.csv"},
    }


@pytest.mark.parametrize(
    ("header", "kind", "is_open"),
    [
        ("Points earned", "'earn'", False),
        ("Eingelöste Punkte", "'redeem'", False),
        ("Points", None, True),
        ("Points earned,Points redeemed", "'earn'", True),  # one of the two would be lost
    ],
)
def test_points_have_a_kind_or_a_mark(tmp_path: Path, header: str, kind: str | None, is_open: bool) -> None:
    values = ",".join("5" for _ in header.split(","))
    other = ",".join("7" for _ in header.split(","))[:-1] + "8"
    text = f"Member ID,Date,{header}\nm1,2024-01-01,{values}\nm2,2024-01-02,{other}\n"
    (tmp_path / "points.csv").write_text(text, encoding="utf-8")
    wishes = Wishes(source="club", timezone="UTC", currency="EUR")
    draft = draft_mapping([tmp_path / "points.csv"], wishes, date(2024, 5, 31))
    (entry,) = yaml.safe_load(draft.text)["files"]
    assert entry["entities"]["loyalty_events"]["columns"].get("kind") == kind
    assert any(remark.is_decisive for _, remark in draft.remarks) == is_open

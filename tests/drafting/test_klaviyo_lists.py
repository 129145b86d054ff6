"""A list export of Klaviyo is a list of customers, whatever its file is called."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from pipelines.drafting import Wishes, draft_mapping
from tests.exports.test_campaign_tools import hashed
from tests.pipeline.landing_desk import Desk

PEOPLE = "Email,{}First Name,Last Name,Phone Number,Email Marketing Consent,Profile Created On\n{}"
ROW = "{0}@example.com,{1}Ada,L,,SUBSCRIBED,2024-01-05 08:00:00+00:00\n"


@pytest.mark.parametrize("has_id", [True, False])
@pytest.mark.parametrize("name", ["Newsletter abonnenten.csv", "sent_members.csv", "list_vip.csv"])
def test_a_list_without_a_campaign_is_customers_and_no_touches(tmp_path: Path, name: str, has_id: bool) -> None:
    rows = "".join(ROW.format(one, f"01{one}," if has_id else "") for one in ("ada", "bo"))
    path = tmp_path / name
    path.write_text(PEOPLE.format("Klaviyo ID," if has_id else "", rows), encoding="utf-8")
    draft = draft_mapping([path], Wishes(), date(2024, 5, 31))
    is_klaviyo = has_id or name.startswith("list")  # the columns without the ID are those of any list of customers
    assert yaml.safe_load(draft.text).get("extends") == ("klaviyo" if is_klaviyo else None)
    desk = Desk(tmp_path / "desk")
    desk.mapping.write_text(draft.text, encoding="utf-8")
    desk.put(name, path.read_bytes())
    desk.land()
    refs = ["01ada", "01bo"] if has_id else [hashed("ada@example.com"), hashed("bo@example.com")]
    assert sorted(desk.rows("customers", "customer_ref")) == sorted((ref,) for ref in refs)
    assert desk.rows("campaign_touches") == []


def test_a_list_of_customers_with_a_number_of_its_own_is_not_one_of_klaviyo(tmp_path: Path) -> None:
    header = "Kundennummer,Email,First Name,Last Name,City,Country,Source"
    (tmp_path / "export.csv").write_text(f"{header}\n7,ada@example.com,Ada,L,Berlin,DE,web\n", encoding="utf-8")
    mapping = yaml.safe_load(draft_mapping([tmp_path / "export.csv"], Wishes(timezone="UTC"), date(2024, 5, 31)).text)
    assert mapping["files"][0]["entities"]["customers"]["columns"]["customer_ref"] == "Kundennummer"

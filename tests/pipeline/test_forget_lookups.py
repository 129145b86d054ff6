"""Forgetting a person who is in look-ups: their rows there are removed, also from files that are delivered later."""

import io
import json
import shutil
from datetime import date
from pathlib import Path

import pytest
import yaml

from pipelines.config.settings import Settings, load_settings
from pipelines.landing import LandingReport, Outcome, SourceFiles, land, load_mapping
from pipelines.privacy import landing_eraser, plan_erasures_again
from pipelines.privacy.export import export_person
from tests.pipeline import person
from tests.pipeline.look_ups import CAMPAIGNS, SENDS
from tests.pipeline.test_forget_landed import forget, landed

# References can be short numbers, which are also campaigns and orders of other people.
ADA, BOB = "7", "8"
MAIL, PHONE, STREET = "ada@nowhere.example", "+44 20 7946 0958", "Hill Street 17"
TRACES = (MAIL, PHONE, STREET)

FILES = {
    "addresses.csv": f"who,mail,phone,street\n{ADA},{MAIL},{PHONE},{STREET}\n{BOB},bob@nowhere.example,,Main Street\n",
    "campaigns.csv": "id,sent,title\n7,2024-05-01,x\n8,2024-05-02,y\n",
    "orders.csv": f"id,who,day,amount\n100,{ADA},2024-05-01,5.00\n7,{BOB},2024-05-02,7.00\n",
    "returns.csv": "order,amount\n100,5.00\n7,1.00\n",
    "sends.csv": f"id,who,campaign\n1,{ADA},7\n2,{BOB},7\n3,{BOB},8\n",
}
ADDRESSES = {"about": "customer", "key": "who", "columns": {"mail": "mail", "phone": "phone", "street": "street"}}
MAPPING = {
    "source": "shop",
    "currency": "EUR",
    "files": [
        {"match": "addresses*.csv", "lookups": {"addresses": ADDRESSES}},
        CAMPAIGNS,
        {
            "match": "orders*.csv",
            "look_up": {"addresses": "who"},
            "lookups": {"orders": {"about": "order", "key": "id", "columns": {"day": "day"}}},
            "entities": {
                "orders": {
                    "columns": {
                        "order_id": "id",
                        "customer_ref": "who",
                        "ordered_at": "day",
                        "gross": "amount",
                        "email": "addresses.mail",
                        "phone": "addresses.phone",
                    }
                }
            },
        },
        {
            "match": "returns*.csv",
            "look_up": {"orders": '"order"'},
            "entities": {
                "returns": {"columns": {"order_id": '"order"', "amount": "amount", "returned_at": "orders.day"}}
            },
        },
        SENDS,
    ],
}


def write(folder: Path) -> Settings:
    inbox, config = folder / "in", folder / "loyalty.yml"
    inbox.mkdir()
    for name, content in FILES.items():
        (inbox / name).write_text(content)
    (folder / "mapping.yml").write_text(yaml.safe_dump(MAPPING, sort_keys=False))
    source = {"mapping": str(folder / "mapping.yml"), "files": str(inbox)}
    config.write_text(
        yaml.safe_dump({"home": str(folder / "home"), "currency": "EUR", "timezone": "UTC", "sources": [source]})
    )
    return load_settings(config)


@pytest.fixture(scope="module")
def landed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = write(tmp_path_factory.mktemp("landed"))
    arrive(settings)
    return settings.home


@pytest.fixture
def shop(landed_once: Path, tmp_path: Path) -> Settings:
    """The files have landed; the originals are outside home."""
    shutil.copytree(landed_once, tmp_path / "home")
    return write(tmp_path)


def arrive(settings: Settings) -> LandingReport:
    source = settings.sources[0]
    entry = SourceFiles(load_mapping(source.mapping), source.files)
    return land(settings.home, [entry], today=date(2024, 6, 1), erase=landing_eraser(settings))


def keys(settings: Settings, dataset: str) -> list[tuple[str, ...]]:
    return sorted(set(landed(settings, dataset, "lookup, key")))


def test_their_rows_in_look_ups_are_removed_and_those_of_others_stay(shop: Settings) -> None:
    assert person.traces(shop.home, TRACES)
    certificate = forget(shop, ADA)
    assert person.traces(shop.home, TRACES) == {}
    assert certificate.landed["lookups"] == {"removed": 2}  # the address, and the order
    others = [("addresses", BOB), ("campaigns", "7"), ("campaigns", "8"), ("orders", "7")]
    assert keys(shop, "lookups") == others
    assert keys(shop, "lookup_uses") == others
    # what landed from look-ups is erased by the same rules as any other value
    assert landed(shop, "orders", "order_id, customer_ref, email, phone, ordered_at") == [
        ("100", None, None, None, "2024-05-01 00:00:00"),
        ("7", BOB, "bob@nowhere.example", None, "2024-05-02 00:00:00"),
    ]
    assert landed(shop, "campaign_touches", "touch_id, touched_at") == [
        ("2", "2024-05-01 00:00:00"),
        ("3", "2024-05-02 00:00:00"),
    ]


def test_an_erasure_lands_no_file_again(shop: Settings) -> None:
    forget(shop, ADA)
    report = arrive(shop)
    assert {file.outcome for file in report.files} == {Outcome.SKIPPED}
    assert report.warnings == ()
    assert person.traces(shop.home, TRACES) == {}


def test_they_do_not_come_back_with_a_file_that_is_delivered_later(shop: Settings) -> None:
    forget(shop, ADA)
    more = shop.sources[0].files / "addresses2.csv"
    more.write_text(FILES["addresses.csv"] + "9,cid@nowhere.example,,Lake Street\n")
    (shop.sources[0].files / "orders2.csv").write_text(f"id,who,day,amount\n101,{ADA},2024-05-03,5.00\n")
    arrive(shop)
    assert person.traces(shop.home, TRACES) == {}
    assert ("addresses", ADA) not in keys(shop, "lookups") + keys(shop, "lookup_uses")
    assert ("addresses", "9") in keys(shop, "lookups")


def test_a_changed_mapping_brings_nobody_back(shop: Settings) -> None:
    forget(shop, ADA)
    changed = json.loads(json.dumps(MAPPING))
    changed["files"][0]["lookups"]["addresses"]["columns"]["road"] = "street"
    changed["files"][2]["lookups"]["orders"] |= {"about": "other", "columns": {"day": "day", "by": "who"}}
    path = Path(shop.sources[0].mapping)
    path.write_text(yaml.safe_dump(changed, sort_keys=False))
    report = arrive(shop)
    again = {file.file_name for file in report.files if file.outcome is Outcome.AGAIN}
    assert "addresses.csv" in again
    # the row of her order in the look-up would come back: a look-up that is about nobody cannot recognise her
    assert "orders.csv" not in again
    assert any("orders.csv was landed with an older version" in warning for warning in report.warnings)
    assert person.traces(shop.home, TRACES) == {}
    assert ("orders", "100") not in keys(shop, "lookups")


def test_everyone_who_was_erased_is_erased_again_after_a_restore(tmp_path: Path, shop: Settings) -> None:
    before = {path: path.read_bytes() for path in (shop.home / "landing").rglob("*.parquet")}
    forget(shop, ADA)
    for path, content in before.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    plan = plan_erasures_again(shop)
    assert plan is not None
    assert plan.landed["lookups"] == {"removed": 2}


def test_an_export_has_their_rows_in_look_ups(shop: Settings) -> None:
    text = io.StringIO()
    export_person(shop, ADA, text)
    held = json.loads(text.getvalue())["held"]
    assert [(row["lookup"], row["key"]) for row in held["landed.lookups"]] == [("addresses", ADA), ("orders", "100")]
    assert STREET in held["landed.lookups"][0]["raw"]

"""The export of an audience: who is in which file, in which layout, and what is written for the next run."""

import csv
import json
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import date
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pipelines.activation import export
from pipelines.activation.export import export_audience, summary
from pipelines.activation.layouts import Contact, Layout, columns_of, hashed_email, hashed_phone
from pipelines.activation.never import list_warning
from pipelines.activation.touches import Touch, read_touches, write_touches
from pipelines.base.errors import BuildError, ConfigError, PublicationError
from pipelines.cli.app import app
from pipelines.config.in_force import audience_texts
from pipelines.config.settings import load_settings
from pipelines.identity.identifiers import identifier
from pipelines.landing import land
from pipelines.landing.inbox import find
from pipelines.landing.sources import audience_touches
from pipelines.privacy import audience_files
from pipelines.privacy.audience_files import erase_from_audiences, erase_from_touches

CONFIG = """
currency: EUR
timezone: Europe/Berlin
home: home
sources: [{mapping: sample, files: inbox}]
model: {identity: {phone_region: DE}}
audiences:
  win_back: {where: level = 'churned', channel: email, suppress_files: [never.txt]}
  calls: {where: level = 'churned', channel: phone}
"""
KEY = "0123456789abcdef" * 4
PERSONS = {
    "k1": ("shop", "C-1", "=Ana  Lopez", " Ana@Example.org ", "030 901820"),
    "k2": ("shop", "C-2", 'Bo "the" Berg', "bo@example.org", None),
    "k3": ("crm", "K-3", None, "cy@example.org", "+33 6 12 34 56 78"),
    "k4": ("shop", "C-4", "Di", None, "+4930901821"),
    "k5": ("shop", "@0123", None, "ed@example.org", None),
    "k6": ("shop", "C-6", "Flo", "flo@example.org", None),
    "k7": ("shop", "C-7", "Gil", "gil@example.org", None),
}
Members = Sequence[tuple[str, str, str | None]]
Export = Callable[..., Path]


@pytest.fixture
def exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Export:
    """Exports given members of an audience as of a day, and returns the folder of the files."""
    for name in ("LOYALTY_CONFIG", "LOYALTY_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOYALTY_KEY", KEY)
    (tmp_path / "loyalty.yml").write_text(CONFIG)
    (tmp_path / "never.txt").write_text("FLO@example.org\n\nsomeone else\n", encoding="utf-8")
    settings = load_settings(tmp_path / "loyalty.yml")
    paths = settings.paths
    paths.state.mkdir(parents=True)
    paths.exchange.mkdir()
    keys = [(source, ref, key) for key, (source, ref, *_) in PERSONS.items()]
    names = ["source", "ref", "customer_key"]
    pq.write_table(
        pa.table([pa.array(c) for c in zip(*keys, strict=True)], names=names), paths.exchange / "pseudonyms.parquet"
    )
    with duckdb.connect(str(paths.warehouse)) as connection:
        connection.execute("create schema staging; create schema intermediate")
        connection.execute(
            "create table intermediate.int_customer_identity (source text, customer_ref text, customer_key text)"
        )
        connection.executemany("insert into intermediate.int_customer_identity values (?, ?, ?)", keys)
        connection.execute(
            "create table staging.int_person (customer_key text, source text, customer_ref text, name text, email text,"
            " phone text)"
        )
        connection.execute(
            "create table intermediate.int_identity_contact"
            " (source text, customer_ref text, kind text, identifier text)"
        )
        # a second record of k7, with another reference and another address
        connection.execute("insert into intermediate.int_customer_identity values ('crm', 'K-7', 'k7')")
        other = identifier(KEY.encode(), "email", "gil@work.example")
        connection.execute("insert into intermediate.int_identity_contact values ('crm', 'K-7', 'email', ?)", [other])
        connection.execute(
            "create schema marts; create table marts.customer_audience"
            " (customer_key text, audience text, suppressed_reason text);"
            " create table intermediate.int_customer as select distinct customer_key, true as consent_email,"
            " null::boolean as consent_sms, true as consent_phone, null::boolean as is_employee"
            " from intermediate.int_customer_identity;"
            " create table intermediate.int_customer_action (customer_key text, n_open_complaints bigint)"
        )
        people = [(key, *person) for key, person in PERSONS.items()]
        connection.executemany("insert into staging.int_person values (?, ?, ?, ?, ?, ?)", people)

    def run(
        members: Members,
        name: str = "win_back",
        layout: Layout = Layout.CSV,
        day: str = "2024-03-31",
        built: Mapping[str, str] | None = None,
    ) -> Path:
        marts = duckdb.connect()
        marts.execute(
            "create table customer_audience (customer_key text, audience text, arm text, suppressed_reason text)"
        )
        rows = [(key, name, arm, reason) for key, arm, reason in members]
        for row in rows:
            marts.execute("insert into customer_audience values (?, ?, ?, ?)", row)
        texts = (
            audience_texts(settings.audiences[name]) if built is None and name in settings.audiences else built or {}
        )
        marts.execute("create table rpt_setting (setting text, value text)")
        for key, text in texts.items():
            marts.execute("insert into rpt_setting values (?, ?)", [f"audiences.{name}.{key}", text])
        version = SimpleNamespace(
            id=f"{day}_0a",
            as_of=date.fromisoformat(day),
            marts=["customer_audience"],
            duckdb=lambda: nullcontext(marts),
        )
        monkeypatch.setattr(export, "open_version", lambda _: nullcontext(version))
        found = export_audience(settings, name, layout)
        assert summary(found).endswith(f"{found.folder} ({day}_0a)") or found.unmeasured
        return found.folder

    return run


def rows(folder: Path, part: str) -> list[dict[str, str]]:
    with (folder / f"{part}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def refs(folder: Path, part: str) -> list[str]:
    return [row["customer_ref"] for row in rows(folder, part)]


MEMBERS: Members = [
    ("k1", "treated", None),
    ("k2", "treated", "open_complaint"),
    ("k3", "control", None),
    ("k4", "treated", None),
    ("k6", "treated", None),
    ("k8", "control", None),
]


def test_members_are_treated_have_an_address_and_nothing_against_them(exported: Export) -> None:
    folder = exported(MEMBERS)
    assert refs(folder, "members") == refs(folder, "added") == ["C-1"]
    assert rows(folder, "removed") == []
    suppressed = {row["customer_key"]: row["Reason"] for row in rows(folder, "suppressed")}
    assert suppressed == {"k2": "open_complaint", "k4": "no_address", "k6": "listed", "k8": "no_address"}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["rule"] == "(level = 'churned') and consent_email"
    assert manifest["counts"] == {"members": 1, "added": 1, "removed": 0, "suppressed": 4, "held_out": 1}


def test_who_withdrew_consent_since_the_version_is_not_contacted(exported: Export, tmp_path: Path) -> None:
    (tmp_path / "never.txt").write_text("")
    with duckdb.connect(str(tmp_path / "home" / "state" / "warehouse.duckdb")) as connection:
        connection.execute(
            "update intermediate.int_customer set consent_email = false where customer_key = 'k1';"
            " update intermediate.int_customer set consent_email = null where customer_key = 'k3';"
            " update intermediate.int_customer set is_employee = true where customer_key = 'k5';"
            " insert into intermediate.int_customer_action values ('k6', 1), ('k7', 0);"
            " insert into marts.customer_audience values"
            " ('k7', 'win_back', null), ('k2', 'win_back', 'recently_contacted'), ('k7', 'other', 'employee')"
        )
    folder = exported([(f"k{n}", "control" if n == 3 else "treated", None) for n in (1, 2, 3, 5, 6, 7)])
    assert refs(folder, "members") == ["C-7"]
    assert {row["customer_key"]: row["Reason"] for row in rows(folder, "suppressed")} == {
        "k1": "no_consent",
        "k2": "recently_contacted",
        "k3": "no_consent",
        "k5": "employee",
        "k6": "open_complaint",
    }
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["counts"]["held_out"], manifest["suppressed_since"]) == (0, 5)


def test_a_merged_member_has_the_consent_of_the_customer_of_today(exported: Export, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "home" / "state" / "warehouse.duckdb")) as connection:
        connection.execute(
            "update intermediate.int_customer_identity set customer_key = 'k7' where customer_key = 'k1';"
            " update intermediate.int_customer set consent_email = false where customer_key = 'k7'"
        )
    folder = exported([("k1", "treated", None)])
    assert [row["Reason"] for row in rows(folder, "suppressed")] == ["no_consent"]


def test_without_the_consents_of_the_last_build_nobody_is_exported(exported: Export, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "home" / "state" / "warehouse.duckdb")) as connection:
        connection.execute("drop table intermediate.int_customer")
    with pytest.raises(BuildError, match="lacks the tables of audiences and consents"):
        exported([("k1", "treated", None)])


def test_added_and_removed_are_against_the_last_export_of_the_format(exported: Export) -> None:
    exported([("k1", "treated", None), ("k2", "treated", None)])
    folder = exported([("k2", "treated", None), ("k7", "treated", None)], day="2024-04-01")
    assert refs(folder, "members") == ["C-2", "C-7"]
    assert refs(folder, "added") == ["C-7"]
    assert refs(folder, "removed") == ["C-1"]
    other = exported([("k2", "treated", None)], layout=Layout.ZOHO)
    assert [row["Email"] for row in rows(other, "added")] == ["bo@example.org"]


def test_files_are_readable_by_their_owner_only_and_no_cell_is_a_formula(exported: Export) -> None:
    folder = exported([("k1", "treated", None)])
    assert rows(folder, "members")[0] == {
        "customer_key": "k1",
        "source": "shop",
        "customer_ref": "C-1",
        "name": "'=Ana Lopez",
        "email": "ana@example.org",
        "phone": "+4930901820",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert {stat.S_IMODE(one.stat().st_mode) for one in (folder, *folder.parents[:2])} == {0o700}


def test_touches_name_both_groups_by_the_references_of_their_source(exported: Export, tmp_path: Path) -> None:
    exported([("k1", "treated", None), ("k2", "treated", "employee"), ("k3", "control", None), ("k5", "treated", None)])
    folder = tmp_path / "home" / "audience_touches"
    name = "audience_win_back_2024-03-31.csv"
    (shop,) = list(csv.DictReader((folder / "shop" / name).open(encoding="utf-8")))
    (crm,) = list(csv.DictReader((folder / "crm" / name).open(encoding="utf-8")))
    assert (shop["customer_ref"], shop["action"], shop["arm"]) == ("C-1", "sent", "treated")
    assert (crm["customer_ref"], crm["action"], crm["arm"]) == ("K-3", "", "control")
    assert shop["campaign_id"] == "audience:win_back"
    assert shop["touched_at"] == "2024-03-31 21:59:59"  # the end of the day in Berlin, in summer time
    settings = load_settings(tmp_path / "loyalty.yml")
    found = [file for source in audience_touches(settings, ["shop", "crm", "other"]) for file in find(source)]
    assert [(file.source.mapping.source, file.name, file.file_on, file.problem) for file in found] == [
        ("crm", name, date(2024, 3, 31), None),
        ("shop", name, date(2024, 3, 31), None),
    ]
    land(settings.home, audience_touches(settings, ["shop", "crm"]), today=date(2024, 5, 31))
    landed = (
        duckdb.connect()
        .execute(
            "select source, customer_ref, arm, touched_at"
            f" from '{settings.paths.landing}/campaign_touches/*/*/part.parquet'"
        )
        .fetchall()
    )
    at = "2024-03-31 21:59:59"
    assert sorted(landed) == [("crm", "K-3", "control", at), ("shop", "C-1", "treated", at)]
    # the same day again: who was contacted stays contacted
    exported([("k3", "control", None), ("k7", "treated", None)])
    again = list(csv.DictReader((folder / "shop" / name).open(encoding="utf-8")))
    assert [(row["customer_ref"], row["arm"]) for row in again] == [("C-1", "treated"), ("C-7", "treated")]


def test_a_second_export_of_a_day_keeps_those_whom_the_first_one_contacted(exported: Export, tmp_path: Path) -> None:
    exported([("k1", "treated", None), ("k2", "control", None), ("k3", "treated", "recently_contacted")])
    # a run in between has landed the touches of the first export
    folder = exported([("k1", "treated", "recently_contacted"), ("k2", "control", None)])
    assert refs(folder, "members") == ["C-1"]
    assert rows(folder, "removed") == []
    # on another day the rule of quiet days holds
    folder = exported([("k1", "treated", "recently_contacted")], day="2024-04-01")
    assert refs(folder, "removed") == ["C-1"]


@pytest.mark.parametrize(
    "line",
    [
        "k7",
        "K7",
        "C-7",
        "K-7",
        "shop:C-7",
        "crm:K-7",
        "ｇｉｌ＠ｅｘａｍｐｌｅ．ｏｒｇ",
        "GIL@work.example",
        '"gil@example.org"',
        "'gil@example.org",
        "gil@example.org,",
        "gil@example.org,unsubscribed,2024-01-01",
        '"gil@example.org";"has ""moved"""',
        "gil@work.example\tby phone",
        "Gil <gil@work.example>",
        '"Gil, Dr." <gil@example.org>',
        '"Gil <gil@example.org>",unsubscribed',
        "shop:C-7;asked on the phone",
        "K7,unsubscribed",
    ],
)
def test_a_list_names_a_customer_by_any_reference_or_address(exported: Export, tmp_path: Path, line: str) -> None:
    (tmp_path / "never.txt").write_text(f"{line}\n", encoding="utf-8")
    folder = exported([("k1", "treated", None), ("k7", "treated", None)])
    assert refs(folder, "members") == ["C-1"]
    assert [(row["customer_ref"], row["Reason"]) for row in rows(folder, "suppressed")] == [("C-7", "listed")]


def test_an_export_says_how_many_lines_of_the_lists_name_a_customer(exported: Export, tmp_path: Path) -> None:
    lines = "email,reason\n# from the shop\ngil@example.org,moved\nGIL@work.example\n\nnobody@example.org\nshop:K-7\n"
    (tmp_path / "never.txt").write_text(lines, encoding="utf-8")
    folder = exported([("k1", "treated", None), ("k7", "treated", None)])
    assert refs(folder, "members") == ["C-1"]
    assert json.loads((folder / "manifest.json").read_text())["suppress_lines"] == {"named": 2, "unknown": 2}
    assert list_warning("win_back", 2).startswith("the audience win_back: 2 lines of suppress_files name no customer")
    assert list_warning("win_back", 0) == ""


def test_a_reference_may_look_like_a_comment_or_a_line_of_a_csv_file(exported: Export, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "home" / "state" / "warehouse.duckdb")) as connection:
        rows = [["shop", "#7,a", "k1"], ["shop", "x:7;b", "k2"]]
        connection.executemany("insert into intermediate.int_customer_identity values (?, ?, ?)", rows)
    (tmp_path / "never.txt").write_text("#7,a\nx:7;b\n", encoding="utf-8")
    folder = exported([("k1", "treated", None), ("k2", "treated", None), ("k7", "treated", None)])
    assert refs(folder, "members") == ["C-7"]
    assert json.loads((folder / "manifest.json").read_text())["suppress_lines"] == {"named": 2, "unknown": 0}


def test_a_version_that_was_built_with_another_declaration_is_refused(exported: Export) -> None:
    with pytest.raises(PublicationError, match="`calls` was declared after the version was built"):
        exported([], name="calls", built={})
    built = {"where": "level = 'churned'", "channel": "email", "holdout": "0.1", "quiet_days": "0", "effect_days": "30"}
    built["suppress"] = "open_complaint, employee"
    with pytest.raises(PublicationError, match=r"`calls` was changed after the version was built: channel \("):
        exported([("k1", "treated", None)], name="calls", built=built)


def test_references_in_touches_stay_as_they_are(tmp_path: Path) -> None:
    touches = [Touch("shop", ref, "treated") for ref in ("-5", "+4915112345", "=1")]
    assert write_touches(tmp_path, "a", date(2024, 3, 31), "UTC", touches) == 3
    with (tmp_path / "shop" / "audience_a_2024-03-31.csv").open(encoding="utf-8", newline="") as file:
        assert {row["customer_ref"] for row in csv.DictReader(file)} == {"-5", "+4915112345", "=1"}


def test_an_erased_person_leaves_all_files(exported: Export, tmp_path: Path) -> None:
    people: Members = [("k1", "treated", None), ("k2", "treated", None), ("k6", "treated", None)]
    folders = [exported(people), exported(people, layout=Layout.GOOGLE), exported(people[1:], name="calls")]
    audiences = tmp_path / "home" / "audiences"
    assert erase_from_audiences(audiences, ["k1", "k9"]) == ["win_back/csv", "win_back/google"]
    assert refs(folders[0], "members") == ["C-2"]
    assert [row["Email"] for row in rows(folders[1], "members")] == [hashed_email("bo@example.org")]
    counts = json.loads((folders[0] / "manifest.json").read_text())["counts"]
    assert counts == {"members": 1, "added": 1, "removed": 0, "suppressed": 1, "held_out": 0}
    left = b"".join(path.read_bytes() for folder in folders for path in folder.iterdir())
    assert b"Lopez" not in left
    assert b"Ana@" not in left
    assert erase_from_audiences(audiences, ["k1"]) == []


@pytest.mark.parametrize("is_first", [True, False])
def test_an_erased_person_leaves_the_files_of_an_export_that_was_killed(
    exported: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_first: bool
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    if not is_first:
        exported([("k2", "treated", None)], day="2024-02-29")
    with monkeypatch.context() as patched:
        patched.setattr(audience_files, "write_text_durably", fail)
        with pytest.raises(KeyboardInterrupt):
            exported([("k1", "treated", None), ("k2", "treated", None)])
    audiences = tmp_path / "home" / "audiences"
    folder = audiences / "win_back" / "csv"
    assert "C-1" in (folder / "members.csv").read_text()
    assert erase_from_audiences(audiences, ["k1"]) == ["win_back/csv"]
    assert "C-1" not in "".join(path.read_text() for path in audiences.rglob("*.csv"))
    assert folder.exists() != is_first  # what was exported before is as it was
    assert is_first or refs(folder, "members") == ["C-2"]


def test_google_gets_hashes_of_normalised_addresses() -> None:
    assert hashed_email(" Test@Example.com ") == "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"
    assert hashed_email("J.Doe@GMail.com") == sha256(b"jdoe@gmail.com").hexdigest()
    assert hashed_email("j.doe@example.com") == sha256(b"j.doe@example.com").hexdigest()
    assert hashed_phone("+4930901820") == sha256(b"+4930901820").hexdigest()
    assert hashed_email("") == hashed_phone("") == ""


def test_each_tool_gets_its_own_columns() -> None:
    one = Contact("k", "a", "fxiaoke", "F-1", 'Bo "the" <Berg>', "bo@example.org", "+4930901820")
    cells = {layout: {name: cell(one) for name, cell in columns_of(layout, "email").items()} for layout in Layout}
    assert next(iter(cells[Layout.KLAVIYO])) == "Email"
    assert next(iter(columns_of(Layout.KLAVIYO, "sms"))) == "Phone Number"
    assert list(cells[Layout.GOOGLE]) == ["Email", "Phone"]
    assert cells[Layout.ZOHO]["Last Name"] == "Bo the Berg"
    assert columns_of(Layout.ZOHO, "email")["Last Name"](Contact("k", "a", email="x@example.org")) == "x@example.org"
    assert cells[Layout.FXIAOKE] == {
        "姓名": 'Bo "the" <Berg>',
        "手机": "+4930901820",
        "邮件": "bo@example.org",
        "客户编号": "F-1",
        "受众": "a",
    }


def test_an_unknown_audience_and_an_unreadable_list_are_errors(exported: Export, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"loyalty\.yml has no audience 'win_bak'; did you mean `win_back`"):
        exported([("k1", "treated", None)], name="win_bak")
    (tmp_path / "never.txt").unlink()
    with pytest.raises(ConfigError, match="the list of suppressed customers cannot be read"):
        exported([("k1", "treated", None)])
    assert not (tmp_path / "home" / "audiences").exists()


def test_an_erased_reference_leaves_touches_that_have_not_landed(tmp_path: Path) -> None:
    touches = [Touch(source, ref, "treated") for source, ref in (("shop", "1"), ("shop", "-2"), ("crm", "1"))]
    write_touches(tmp_path, "a", date(2024, 3, 31), "UTC", touches)
    assert erase_from_touches(tmp_path, {("shop", "1")}) == 1
    assert read_touches(tmp_path, "a", date(2024, 3, 31)) == {("shop", "-2"): "treated", ("crm", "1"): "treated"}
    assert erase_from_touches(tmp_path, {("shop", "1")}) == 0


def test_a_check_knows_the_touches_that_an_export_wrote(exported: Export, tmp_path: Path) -> None:
    (tmp_path / "crm.yml").write_text("source: shop\nfiles: [{match: '*.txt', ignore: notes}]\n")
    (tmp_path / "inbox").mkdir()
    exported([("k1", "treated", None)])
    config = tmp_path / "loyalty.yml"
    config.write_text(CONFIG.replace("mapping: sample", "mapping: crm.yml"))
    settings = load_settings(config)
    land(settings.home, audience_touches(settings, ["shop"]), today=date(2024, 5, 31))
    done = CliRunner().invoke(app, ["check", "--config", str(config)])
    assert done.exit_code == 0, done.output
    assert "no entry of the mapping matches" not in done.output.replace("\n", " ")

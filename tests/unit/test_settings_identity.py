"""The settings of identity: private contacts stay private, and names of sources are those of the mappings."""

from pathlib import Path

import pytest

from pipelines.base.errors import ConfigError
from pipelines.config.in_force import in_force
from pipelines.config.settings import Settings, dbt_vars, load_settings
from pipelines.identity.contacts import ContactRules
from pipelines.landing.sources import check_survivorship, source_files

CONFIG = "currency: EUR\ntimezone: UTC\nsources: [{mapping: sample, files: .}]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("LOYALTY_CONFIG", "LOYALTY_HOME", "LOYALTY_KEY", "LOYALTY_WEBHOOK_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def settings(folder: Path, identity: str) -> Settings:
    path = folder / "loyalty.yml"
    path.write_text(f"{CONFIG}model: {{identity: {identity}}}\n")
    return load_settings(path)


def test_a_blocked_contact_is_not_published_printed_or_passed_to_dbt(folder: Path) -> None:
    found = settings(folder, "{blocked: [secret@shop.example, '+49 30 901820']}")
    rows = in_force(found)
    assert "model.identity.blocked" not in {row.setting for row in rows}
    for text in (str(rows), str(dbt_vars(found)), repr(found), str(found)):
        assert "secret" not in text and "901820" not in text


@pytest.mark.parametrize(
    "blocked", ["[secret]", "[[secret]]", "secret", "{secret: 1}", "[4930901820]", "'secret@x.de'"]
)
def test_the_refusal_of_a_blocked_contact_does_not_show_it(folder: Path, blocked: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(folder, f"{{blocked: {blocked}}}")
    assert ":4: model.identity.blocked" in caught.value.message
    assert "secret" not in caught.value.message and "901820" not in caught.value.message


def test_a_blocked_contact_is_compared_by_its_normal_form(folder: Path) -> None:
    region = "phone_region: DE, keeps_email_tag: false"
    rules = ContactRules.of(
        settings(folder, f"{{blocked: [Info+x@Shop.Example, '030 901820'], {region}}}").model.identity
    )
    assert rules == ContactRules("DE", False, frozenset({"info@shop.example", "+4930901820"}))
    assert rules.is_blocked("email", "info@shop.example")
    assert rules.is_blocked("phone", "+4930901820")
    assert not rules.is_blocked("email", "+4930901820")
    assert not rules.is_blocked("email", "a@shop.example")


def test_the_other_settings_of_identity_are_published_with_their_source(folder: Path) -> None:
    rows = {row.setting: row for row in in_force(settings(folder, "{survivorship: [crm, sample], phone_region: DE}"))}
    shown = {name: (row.value, row.default_value, row.source) for name, row in rows.items() if ".identity." in name}
    assert shown == {
        "model.identity.phone_region": ("DE", "none", "loyalty.yml"),
        "model.identity.keeps_email_tag": ("true", "true", "default"),
        "model.identity.max_refs_of_email": ("10", "10", "default"),
        "model.identity.max_refs_of_phone": ("1", "1", "default"),
        "model.identity.survivorship": ("crm, sample", "none", "loyalty.yml"),
    }


def test_a_name_in_survivorship_that_is_not_a_source_is_refused_with_its_line(folder: Path) -> None:
    found = settings(folder, "{survivorship: [sample, smaple]}")
    with pytest.raises(
        ConfigError, match=r":4: model.identity.survivorship.1: `smaple` is not a source of this file"
    ) as caught:
        source_files(found)
    assert "did you mean `sample`?" in caught.value.message
    check_survivorship(settings(folder, "{survivorship: [sample]}"), {"sample", "crm"})

"""Normal forms: texts of the same contact have the same form, and a text that is not a contact has none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.identity.contacts import ContactRules, email_form, phone_form

LETTERS = "aAbİiıI\u0307@@@..+-_ \u00a0\u200b\ufeffＡ＠．。üÜßςΣσxn--09é\u0301:mailto"
SIGNS = "+0049 30901820-/()x#,;\u202a\u202c０４９٠٤\u00a0tel:."


def email(text: str, *, keeps_tag: bool = True) -> str | None:
    return email_form(text, keeps_tag=keeps_tag)


@pytest.mark.parametrize(
    "text",
    [
        "anna@example.com",
        "Anna@Example.COM",
        "  anna@example.com\n",
        "\u00a0anna@example.com\u3000",
        "\ufeffan\u200bna@exam\u00adple.com\u200e",
        "ＡＮＮＡ＠ｅｘａｍｐｌｅ．ｃｏｍ",
        "anna＠example.com",
        "anna@example。com",
        "anna@example.com.",
        "mailto:anna@example.com",
        "MAILTO: Anna@example.com",
    ],
)
def test_spellings_of_an_address_have_one_form(text: str) -> None:
    assert email(text) == "anna@example.com"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "anna",
        "@example.com",
        "anna@",
        "anna@example",
        "anna@@example.com",
        "a@b@example.com",
        "an na@example.com",
        "an\u00a0na@example.com",
        "anna@exam ple.com",
        "anna@.com",
        "anna@example..com",
        "anna@example.com..",
        "anna@-example.com",
        "anna@exam_ple.com",
        "anna@192.168.0.1",
        "anna@xn--zzzzzzzzz-.com",
        "Anna <anna@example.com>",
        "<anna@example.com>",
        "anna@example.com, bea@example.com",
        '"anna"@example.com',
        "an\x00na@example.com",
        "an\ud800na@example.com",
        f"{'a' * 320}@example.com",
    ],
)
def test_a_text_that_is_not_one_address_has_no_form(text: str) -> None:
    assert email(text) is None


def test_a_turkish_capital_i_is_an_i_in_either_lower_case() -> None:
    assert email("İREM@example.com") == email("i̇rem@example.com") == email("irem@example.com")
    assert email("I\u0307rem@İzmir.example") == email("irem@i̇zmir.example") == email("irem@izmir.example")
    assert email("ırem@example.com") != email("irem@example.com")


def test_a_greek_sigma_at_the_end_is_the_sigma_that_lower_case_of_single_letters_gives() -> None:
    assert email("ΝΙΚΟΣ@example.gr") == email("νικος@example.gr") == email("νικοσ@example.gr")


def test_composed_and_decomposed_letters_are_equal() -> None:
    assert email("rene\u0301@example.com") == email("ren\u00e9@example.com")


def test_a_domain_is_the_same_in_unicode_and_in_punycode() -> None:
    forms = {email(f"a@{domain}") for domain in ("München.de", "münchen.de", "xn--mnchen-3ya.de", "XN--MNCHEN-3YA.DE")}
    assert forms == {"a@xn--mnchen-3ya.de"}
    assert email("a@straße.de") != email("a@strasse.de")


def test_a_tag_is_part_of_the_address_unless_the_settings_say_otherwise() -> None:
    assert email("a+b@example.com") == "a+b@example.com"
    assert email("a+b+c@example.com", keeps_tag=False) == email("a@example.com", keeps_tag=False) == "a@example.com"
    assert email("+b@example.com", keeps_tag=False) is None


def test_dots_of_the_local_part_are_left_alone() -> None:
    assert email("a.b@example.com") == "a.b@example.com" != email("ab@example.com")


@pytest.mark.parametrize(
    "text",
    [
        "+49 30 901820",
        "+49 (0)30 901820",
        "0049 30 901820",
        "030 901820",
        "030/901820",
        "(030) 90 18-20",
        "０３０９０１８２０",
        "＋４９３０９０１８２０",
        "\u202a+49 30 901820\u202c",
        "\u00a0030\u00a0901820 ",
        "tel:+49-30-901820",
    ],
)
def test_spellings_of_a_number_have_one_form(text: str) -> None:
    assert phone_form(text, "DE") == "+4930901820"


def test_without_a_region_only_numbers_with_a_plus_have_a_form() -> None:
    assert phone_form("+49 30 901820", None) == "+4930901820"
    assert phone_form("0049 30 901820", None) is None
    assert phone_form("030 901820", None) is None


def test_a_national_number_is_another_one_in_another_region() -> None:
    assert phone_form("020 7946 0958", "GB") == "+442079460958"
    assert phone_form("020 7946 0958", "US") is None
    assert phone_form("(212) 736-5000", "US") == "+12127365000"


def test_a_foreign_number_has_a_form_with_the_prefix_of_the_region_and_with_00() -> None:
    assert phone_form("011 49 30 901820", "US") == phone_form("0049 30 901820", "US") == "+4930901820"


@pytest.mark.parametrize(
    "text",
    [
        "030 901820 ext. 5",
        "030 901820 x5",
        "030 901820#5",
        "030 901820,5",
        "tel:+4930901820;ext=5",
        "+49 30 901820 Durchwahl 5",
    ],
)
def test_a_number_with_an_extension_has_no_form(text: str) -> None:
    assert phone_form(text, "DE") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "tel:",
        "0",
        "123",
        "+49",
        "+999 123456",
        "unknown",
        "0800 FLOWERS",
        "030 901820 / 030 901821",
        "9" * 400,
    ],
)
def test_a_text_that_is_not_one_valid_number_has_no_form(text: str) -> None:
    assert phone_form(text, "DE") is None


@given(st.text(alphabet=LETTERS, max_size=30) | st.text(max_size=30), st.booleans())
def test_the_form_of_an_address_is_its_own_form(text: str, keeps_tag: bool) -> None:
    form = email(text, keeps_tag=keeps_tag)
    if form is not None:
        assert email(form, keeps_tag=keeps_tag) == form
        local, _, domain = form.partition("@")
        assert local and "." in domain and domain.isascii()


@given(st.emails())
def test_a_usual_address_has_a_form_in_any_case_and_with_invisible_characters(text: str) -> None:
    if form := email(text):
        assert email(text.upper()) == email(f"\u200b {text}\u00a0") == form


@given(st.text(alphabet=SIGNS, max_size=24) | st.text(max_size=24), st.sampled_from([None, "DE", "US", "IT", "AU"]))
def test_the_form_of_a_number_is_its_own_form(text: str, region: str | None) -> None:
    form = phone_form(text, region)
    if form is not None:
        assert phone_form(form, region) == phone_form(form, None) == form


def test_the_rules_apply_to_each_kind() -> None:
    rules = ContactRules(phone_region="DE", keeps_email_tag=False)
    assert rules.form("email", "A+x@example.com") == "a@example.com"
    assert rules.form("phone", "030 901820") == "+4930901820"
    assert rules.form("phone", "a@example.com") is None

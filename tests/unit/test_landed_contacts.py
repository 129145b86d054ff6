"""The contacts of landed rows: every spelling of a normal form is found although few texts are normalised."""

from collections.abc import Iterator

import duckdb
import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.base.entities import ENTITIES
from pipelines.identity.contacts import ContactRules, Kind, kind_of
from pipelines.identity.landed_contacts import GUEST, LandedContacts, bucket_of, is_odd

RULES = ContactRules(phone_region="GB", keeps_email_tag=False)


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def assert_same_bucket(engine: duckdb.DuckDBPyConnection, kind: Kind, text: str, region: str = "GB") -> None:
    form = ContactRules(phone_region=region, keeps_email_tag=False).form(kind, text)
    if form is None:
        return
    query = f"select {is_odd(kind, '$text')}, {bucket_of(kind, '$text')}, {bucket_of(kind, '$form')}"
    ((odd, own, of_form),) = engine.execute(query, {"text": text, "form": form}).fetchall()
    assert odd or own == of_form, (text, form)


LOCAL = st.text("aB.+-_%x1'", min_size=1, max_size=8)
EMAIL = st.tuples(
    st.sampled_from(["", " ", "mailto:", "MAILTO: ", "  mailto:"]),
    LOCAL,
    st.sampled_from(["@", "＠"]),
    st.sampled_from(["X.org", "xn--mnchen-3ya.de", "münchen.de", "a-b.co.uk", "x.org."]),
    st.sampled_from(["", " ", "\u200b"]),
).map("".join)


@given(EMAIL)
@example(" mailto: Ada+shop@X.org ")
@example("ｍailto:ada@x.org")
def test_an_email_has_the_bucket_of_its_form_or_is_odd(text: str) -> None:
    with duckdb.connect() as engine:
        assert_same_bucket(engine, "email", text)


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_a_phone_of_any_region_has_the_bucket_of_its_form_or_is_odd(
    engine: duckdb.DuckDBPyConnection, region: str
) -> None:
    formats = (
        phonenumbers.PhoneNumberFormat.NATIONAL,
        phonenumbers.PhoneNumberFormat.INTERNATIONAL,
        phonenumbers.PhoneNumberFormat.E164,
    )
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
        number = phonenumbers.example_number_for_type(region, kind)
        if number is not None:
            for form in formats:
                text = phonenumbers.format_number(number, form)
                assert_same_bucket(engine, "phone", text, region)
                assert_same_bucket(engine, "phone", text.replace(" ", "\u00a0"), region)
                assert_same_bucket(engine, "phone", text.translate({48 + n: 0xFF10 + n for n in range(10)}), region)


def landed(*rows: tuple[str | None, str | None, str | None]) -> duckdb.DuckDBPyConnection:
    """Orders of one source, and no row of other entities: customer, e-mail, phone."""
    connection = duckdb.connect()
    for name, entity in ENTITIES.items():
        columns = ", ".join(f"{column} varchar" for column in ("source", *entity.columns))
        connection.execute(f"create table {name} ({columns})")
    connection.executemany("insert into orders (source, customer_ref, email, phone) values ('shop', ?, ?, ?)", rows)
    return connection


def test_all_spellings_of_a_form_are_found_with_who_has_them() -> None:
    spelled = ["020 7946 0958", "+44 20 7946 0958", "０２０７９４６０９５８", "(020) 7946-0958"]
    rows = [(f"C{number}", None, phone) for number, phone in enumerate(spelled)]
    contacts = LandedContacts(landed(*rows, ("C9", None, "020 7946 0959")), RULES)
    found = contacts.with_forms(["+442079460958"])
    assert {contact.ref for contact in found} == {("shop", f"C{number}") for number in range(4)}


def test_only_texts_of_the_same_bucket_are_normalised() -> None:
    asked: list[str] = []

    class Counting(ContactRules):
        def form(self, kind: Kind, text: str) -> str | None:
            asked.append(text)
            return super().form(kind, text)

    rows = [(f"C{number}", f"somebody{number}@x.org", f"+44 20 7946 {number:04}") for number in range(500)]
    LandedContacts(landed(*rows), Counting(phone_region="GB")).with_forms(["somebody7@x.org", "+442079460123"])
    assert sorted(asked) == ["+44 20 7946 0123", "somebody7@x.org"]


def test_a_row_without_a_customer_is_a_guests_and_one_with_an_unusable_email_is_nobodys() -> None:
    rules = ContactRules(phone_region="GB", blocked=frozenset({"till@x.org"}))
    contacts = LandedContacts(
        landed((None, "Ada@x.org", "020 7946 0958"), (None, "till@x.org", None), (None, "n/a", "020 7946 0111")), rules
    )
    guest = ("shop", f"{GUEST}ada@x.org")
    assert {(contact.kind, contact.form) for contact in contacts.of([guest])} == {
        ("email", "ada@x.org"),
        ("phone", "+442079460958"),
    }
    assert [contact.ref for contact in contacts.with_forms(["till@x.org", "+442079460111"])] == [None, None]
    assert kind_of("+442079460111") == "phone"

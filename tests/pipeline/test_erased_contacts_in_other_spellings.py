"""An erased e-mail or phone stays erased when a later file spells it in another way."""

from pathlib import Path

import pytest

from pipelines.config.secret_key import load_key
from pipelines.config.settings import Settings
from pipelines.identity.contacts import ContactRules
from pipelines.privacy.subject import Subject
from pipelines.privacy.tombstones import add_tombstones
from tests.pipeline import person
from tests.pipeline.people import DAY, LATER, arrive, deliver, forget, order, settings

EMAIL, PHONE = "ada.lovelace@nowhere.example", "+44 20 7946 0958"
EMAILS = (EMAIL.upper(), "ａｄａ.lovelace@nowhere.example", "ada.lovelace＠nowhere.example", f"mailto:{EMAIL}")
# A German number as long as a valid one can be, whose area code does not exist; and its other spellings.
POSSIBLE = "+49 70000 12345"
POSSIBLE_SPELLED = ("070000 12345", "0049 70000 12345", "+49 (0)70000-12345", "０７００００ １２３４５")
PHONES = ("020 7946 0958", "0044 20 7946 0958", "+44 (0)20 7946-0958", "(020) 79460958", "０２０ ７９４６ ０９５８")


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    shop = settings(tmp_path, "web", phone_region="GB")
    deliver(shop, "web", DAY, {"customer_ref": "ADA-1", "email": EMAIL, "phone": PHONE}, {"customer_ref": "BOB-1"})
    arrive(shop)
    return shop


@pytest.mark.parametrize("email", EMAILS)
def test_an_email_in_another_spelling_stays_erased(shop: Settings, email: str) -> None:
    forget(shop, "ADA-1")
    deliver(shop, "web", LATER, {"customer_ref": "NEW-1", "email": email}, orders=[order("W1", email=email)])
    assert arrive(shop).erased == 1
    assert person.traces(shop.home, ("NEW-1", EMAIL, email)) == {}


@pytest.mark.parametrize("phone", PHONES)
def test_a_phone_in_another_spelling_stays_erased(shop: Settings, phone: str) -> None:
    forget(shop, "ADA-1")
    other = {"customer_ref": "NEW-2", "phone": "020 7946 0959"}
    deliver(shop, "web", LATER, {"customer_ref": "NEW-1", "phone": phone}, other)
    assert arrive(shop).erased == 1
    assert person.traces(shop.home, ("NEW-1", phone)) == {}
    assert person.traces(shop.home, ("NEW-2",))


@pytest.mark.parametrize("phone", POSSIBLE_SPELLED)
def test_a_phone_that_is_not_valid_stays_erased_in_another_spelling(tmp_path: Path, phone: str) -> None:
    assert ContactRules(phone_region="DE").form("phone", POSSIBLE) is None
    shop = settings(tmp_path, "web", phone_region="DE")
    deliver(shop, "web", DAY, {"customer_ref": "ADA-1", "phone": POSSIBLE}, {"customer_ref": "BOB-1"})
    arrive(shop)
    forget(shop, "ADA-1")
    other = {"customer_ref": "NEW-2", "phone": "070000 12346"}
    deliver(shop, "web", LATER, {"customer_ref": "NEW-1", "phone": phone}, other)
    assert arrive(shop).erased == 1
    assert person.traces(shop.home, ("NEW-1", phone)) == {}
    assert person.traces(shop.home, ("NEW-2",))


def test_a_phone_that_is_not_valid_stays_with_somebody_who_spells_it_in_another_way(tmp_path: Path) -> None:
    shop = settings(tmp_path, "web", phone_region="DE")
    sharing = {"customer_ref": "BOB-1", "phone": POSSIBLE_SPELLED[0]}
    deliver(shop, "web", DAY, {"customer_ref": "ADA-1", "phone": POSSIBLE}, sharing)
    arrive(shop)
    assert forget(shop, "ADA-1").shared == {"phones": 1}
    deliver(shop, "web", LATER, {**sharing, "country": "DE"})
    assert arrive(shop).erased == 0


def test_a_search_for_a_phone_that_is_not_valid_finds_everybody_who_has_it(tmp_path: Path) -> None:
    shop = settings(tmp_path, "web", phone_region="DE")
    deliver(shop, "web", DAY, *({"customer_ref": f"R-{n}", "phone": phone} for n, phone in enumerate(POSSIBLE_SPELLED)))
    arrive(shop)
    assert forget(shop, POSSIBLE, by="phone").identifiers["references"] == len(POSSIBLE_SPELLED)


@pytest.mark.parametrize(("asked", "by"), [(EMAILS[1], "email"), (PHONES[0], "phone")])
def test_nobody_with_the_contact_is_held_and_another_spelling_of_it_never_lands(
    tmp_path: Path, asked: str, by: str
) -> None:
    shop = settings(tmp_path, "web", phone_region="GB")
    assert not forget(shop, asked, by=by).was_held
    deliver(shop, "web", DAY, {"customer_ref": "ADA-1", "email": EMAIL}, {"customer_ref": "ADA-2", "phone": PHONE})
    assert arrive(shop).erased == 1


def test_free_text_with_the_phone_in_another_spelling_is_emptied(shop: Settings) -> None:
    forget(shop, "ADA-1")
    note = {"interaction_id": "I1", "customer_ref": "BOB-1", "occurred_at": f"{LATER} 10:00:00", "kind": "note"}
    deliver(shop, "web", LATER, interactions=[{**note, "body": "call 020 7946 0958 today"}])
    arrive(shop)
    assert person.traces(shop.home, ("7946 0958",)) == {}


def test_tombstones_of_an_earlier_version_still_hold(shop: Settings) -> None:
    key = load_key(shop.paths.key, shop.key_text)
    shop.paths.erasures.mkdir()
    contacts = Subject(emails=frozenset({EMAIL}), phones=frozenset({"442079460958"}))  # lower case, and digits
    add_tombstones(shop.paths.erasures, key, contacts, "e")
    deliver(
        shop,
        "web",
        LATER,
        {"customer_ref": "NEW-1", "email": EMAIL.title()},
        {"customer_ref": "NEW-2", "email": EMAILS[1]},
        {"customer_ref": "NEW-3", "phone": "+44 (20) 7946-0958"},
        {"customer_ref": "NEW-4", "phone": "+1 202 555 0123"},
    )
    # the normal form of the e-mail is its lower case, so even the full-width spelling is recognised
    assert arrive(shop).erased == 3
    assert person.traces(shop.home, ("NEW-1", "NEW-2", "NEW-3")) == {}


def test_what_was_erased_by_another_spelling_is_erased_again_from_a_backup(shop: Settings) -> None:
    from pipelines.privacy import plan_erasures_again

    deliver(shop, "web", LATER, {"customer_ref": "NEW-1", "email": EMAILS[1]}, {"customer_ref": "NEW-2"})
    arrive(shop)
    key = load_key(shop.paths.key, shop.key_text)
    shop.paths.erasures.mkdir()
    add_tombstones(shop.paths.erasures, key, Subject(forms=frozenset({EMAIL})), "e")
    plan = plan_erasures_again(shop)
    assert plan is not None
    assert plan.landed["customers"] == {"removed": 2}

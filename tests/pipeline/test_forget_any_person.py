"""Whatever links the references of a person: an erasure takes all of them, leaves everybody else, and lasts."""

from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pipeline import people, person
from tests.pipeline.people import DAY, LATER

EMAILS = {"ada.one@nowhere.example": "Ada.ONE@Nowhere.Example", "ada.two@nowhere.example": "ａｄａ.two@nowhere.example"}
PHONES = {"+442079460958": "020 7946 0958", "+442079460111": "0044 20 7946-0111"}
REFS = [f"SOMEBODY-{n}0{n}" for n in range(1, 7)]

records = st.tuples(
    st.sampled_from([None, None, *EMAILS]), st.sampled_from([None, None, *PHONES]), st.sampled_from([None, *REFS])
)


def groups(customers: list[dict[str, str | None]]) -> dict[str, set[str]]:
    """The references of each person: those that can be reached over equal contacts and `person_ref`."""
    reached = {str(one["customer_ref"]): {str(one["customer_ref"])} for one in customers}
    by_contact = defaultdict(set)
    for one in customers:
        for contact in ("email", "phone"):
            if one[contact]:
                by_contact[one[contact]].add(str(one["customer_ref"]))
    declared = [{str(one["customer_ref"]), str(one["person_ref"])} for one in customers if one["person_ref"]]
    for link in [*by_contact.values(), *declared]:
        joined = set[str]().union(*(reached[ref] for ref in link))
        for ref in joined:
            reached[ref] = joined
    return reached


def linked(shop: people.Settings, ref: str) -> set[str]:
    return {member.removeprefix("web:") for member in people.members(shop, ref)}


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(records, min_size=len(REFS), max_size=len(REFS)), st.sampled_from(REFS))
def test_all_of_a_person_is_erased_nobody_else_is_and_another_spelling_stays_out(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[str | None, str | None, str | None]], asked: str
) -> None:
    shop = people.settings(tmp_path_factory.mktemp("any"), "web", phone_region="GB", max_refs_of_phone=10)
    customers: list[dict[str, str | None]] = [
        {"customer_ref": ref, "email": email, "phone": phone, "person_ref": person_ref}
        for ref, (email, phone, person_ref) in zip(REFS, drawn, strict=True)
    ]
    people.deliver(shop, "web", DAY, *customers)
    people.arrive(shop)
    expected = groups(customers)
    assert {ref: linked(shop, ref) for ref in REFS} == expected

    people.forget(shop, asked)
    erased = [one for one in customers if one["customer_ref"] in expected[asked]]
    contacts = [(kind, str(one[kind])) for one in erased for kind in ("email", "phone") if one[kind]]
    again: list[dict[str, str | None]] = [
        {"customer_ref": f"AGAIN-{n}0{n}", kind: (EMAILS | PHONES)[contact]}
        for n, (kind, contact) in enumerate(contacts)
    ]
    again += [{"customer_ref": one["customer_ref"]} for one in erased]
    people.deliver(shop, "web", LATER, *again, {"customer_ref": "NEWCOMER-1"})
    assert people.arrive(shop).erased == len(again)
    gone = (*expected[asked], *(str(one["customer_ref"]) for one in again), *(contact for _, contact in contacts))
    assert person.traces(shop.home, gone) == {}
    assert person.traces(shop.home, ("NEWCOMER-1",))
    for ref in set(REFS) - expected[asked]:
        assert linked(shop, ref) == expected[ref]

"""The sample's people: each planted case is in the files, and simple rules on the files find the people again."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest
from scipy.cluster.hierarchy import DisjointSet

from tests.sample_people import Score, true_people
from tests.unit.sample_files import good_records, kind, planted, small_sample

#: The columns of the reference, the person reference, the e-mail address and the phone number, by kind of file.
COLUMNS = {
    "contacts": ("ref", "person", "email", "phone"),
    "contact_changes": ("Reference", "Person", "E-mail", "Telephone"),
    "orders": ("Customer", "", "E-mail", ""),
    "survey_invitations": ("customer", "", "email", ""),
    "crm_contacts": ("contact", "merged_into", "mail", "tel"),
    "crm_activities": ("contact", "", "mail", ""),
    "crm_tickets": ("contact", "", "mail", ""),
    "tool_invitations": ("", "", "recipient", ""),
    "tool_answers": ("", "", "respondent", ""),
}
SOURCES = {"inbox": "sample", "inbox_crm": "crm", "inbox_survey_tool": "survey_tool"}
Node = tuple[str, str]


class Stated(NamedTuple):
    """What one row states of a person; texts as they are in the file."""

    source: str
    ref: str | None
    person_ref: str | None
    email: str | None
    phone: str | None

    @property
    def node(self) -> Node:
        return self.source, self.ref or f"@{_address(self.email)}"


def _address(email: str | None) -> str | None:
    return unicodedata.normalize("NFKC", email).lower() if email else None


def _number(phone: str | None) -> str | None:
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", phone or "").replace("(0)", ""))
    return re.sub("^(0049|49|0)", "", digits) or None


def _read() -> Iterator[Stated]:
    bad: dict[str, set[int]] = defaultdict(set)
    for row in planted(small_sample()):
        bad[row.file_name].add(row.line)
    for folder, source in SOURCES.items():
        for path in sorted((small_sample() / folder).iterdir()):
            if columns := COLUMNS.get(kind(path.name)):
                is_parquet = path.suffix == ".parquet"
                records = pq.read_table(path).to_pylist() if is_parquet else good_records(path, bad[path.name])
                for record in records:
                    ref, person_ref, email, phone = map(record.get, columns)
                    if ref or email:
                        yield Stated(source, ref, person_ref, email, phone)


@cache
def stated() -> tuple[Stated, ...]:
    return tuple(_read())


def refs_of(source: str, column: str) -> dict[str, set[str]]:
    """The references of a source that state each address or number."""
    found = defaultdict(set)
    for row in stated():
        text = _address(row.email) if column == "email" else _number(row.phone)
        if row.source == source and row.ref and text:
            found[text].add(row.ref)
    return found


@cache
def people() -> dict[Node, str]:
    """The true person of each reference and guest."""
    return {(row.source, row.ref or f"@{row.email}"): row.person for row in true_people(small_sample())}


@dataclass(frozen=True)
class Rules:
    """The rules of identity. `Rules()` are those of the product, as simply as possible."""

    address: Callable[[str | None], str | None] = _address
    number: Callable[[str | None], str | None] = _number
    most_refs_of_email: int = 10
    most_refs_of_phone: int = 1
    declares: bool = True


def _clusters(rules: Rules) -> dict[Node, Node]:
    """One representative per reference and guest."""
    declared, contacts = DisjointSet(), defaultdict(set)
    for row in stated():
        declared.add(row.node)
        if row.person_ref and rules.declares:
            declared.add((row.source, row.person_ref))
            declared.merge(row.node, (row.source, row.person_ref))
        for contact, most in (
            (rules.address(row.email), rules.most_refs_of_email),
            (rules.number(row.phone), rules.most_refs_of_phone),
        ):
            if contact:
                contacts[contact, most].add(row.node)
    merged = DisjointSet(declared)
    for node in declared:
        merged.merge(node, declared[node])
    for (_, most), nodes in contacts.items():
        persons = defaultdict(set)
        for node in nodes:
            persons[node[0]].add(declared[node])
        if max(map(len, persons.values())) <= most:
            first, *others = sorted(nodes)
            for node in others:
                merged.merge(first, node)
    return {node: merged[node] for node in {row.node for row in stated()}}


def test_the_truth_names_each_reference_and_guest_of_the_files_and_no_other() -> None:
    assert {row.node for row in stated()} == people().keys()


def _score(rules: Rules) -> Score:
    clusters = _clusters(rules)
    return Score.of((clusters[node], person) for node, person in people().items())


def test_simple_rules_find_the_people() -> None:
    score = _score(Rules())
    assert score.precision == 1
    assert score.recall >= 0.99
    assert score.true_pairs > 300


@pytest.mark.parametrize(
    "rules",
    [
        Rules(most_refs_of_email=1000),
        Rules(most_refs_of_phone=1000),
        Rules(address=lambda email: re.sub(r"\+.*@", "@", _address(email) or "") or None),
    ],
    ids=["shared mailboxes link", "shared phones link", "tags are ignored"],
)
def test_a_rule_that_is_too_weak_joins_strangers(rules: Rules) -> None:
    assert _score(rules).precision < 1


@pytest.mark.parametrize(
    "rules",
    [
        Rules(number=lambda _: None),
        Rules(number=lambda phone: phone),
        Rules(address=lambda email: email),
        Rules(address=lambda email: email.lower() if email else None),
        Rules(address=lambda _: None),
        Rules(declares=False),
    ],
    ids=["no phones", "phones as written", "addresses as written", "no full width", "no addresses", "no person_ref"],
)
def test_without_a_rule_people_are_not_found(rules: Rules) -> None:
    assert _score(rules).recall < 0.99


def test_people_are_known_to_all_three_sources() -> None:
    sources = defaultdict(set)
    for (source, _), person in people().items():
        sources[person].add(source)
    assert sum(len(found) == 3 for found in sources.values()) > 20


def test_a_mailbox_has_more_customers_than_an_address_may_link() -> None:
    shared = [refs for refs in refs_of("sample", "email").values() if len(refs) > 10]
    assert shared
    assert all(len({people()["sample", ref] for ref in refs}) == len(refs) for refs in shared)


def test_households_share_a_phone() -> None:
    shared = [
        refs for refs in refs_of("sample", "phone").values() if len({people()["sample", ref] for ref in refs}) > 1
    ]
    assert len(shared) > 3


def test_addresses_of_different_people_differ_only_in_the_tag() -> None:
    tagged: dict[str, set[str]] = defaultdict(set)
    for email, refs in refs_of("sample", "email").items():
        if "+" in email:
            tagged[email.partition("+")[0]] |= {people()["sample", ref] for ref in refs}
    assert len(tagged) > 2
    assert {len(persons) for persons in tagged.values()} == {2}


def test_some_customers_changed_their_address() -> None:
    addresses = defaultdict(set)
    for row in stated():
        if row.source == "sample" and row.ref and row.email:
            addresses[row.ref].add(_address(row.email))
    moved = {ref for ref, known in addresses.items() if len(known) > 1}
    crm = {person for (source, _), person in people().items() if source == "crm"}
    assert len({people()["sample", ref] for ref in moved} & crm) > 3


def test_some_people_are_known_to_the_crm_by_their_phone_alone() -> None:
    shop_emails, shop_phones = refs_of("sample", "email"), refs_of("sample", "phone")
    both = [
        row
        for row in stated()
        if row.source == "crm" and _address(row.email) not in shop_emails and _number(row.phone) in shop_phones
    ]
    assert len({row.ref for row in both}) > 3


def test_phones_and_addresses_are_written_in_many_ways() -> None:
    written = {re.sub("[0-9０-９]{7,8}", "", row.phone) for row in stated() if row.phone}
    assert len(written) >= 8
    emails = [row.email for row in stated() if row.email and row.source != "sample"]
    assert any(email.isupper() for email in emails)
    assert any("＠" in email for email in emails)


def test_contacts_of_the_crm_are_merged_in_chains() -> None:
    into = {row.ref: row.person_ref for row in stated() if row.source == "crm" and row.person_ref}
    assert any(other in into for other in into.values())
    twice = [refs for refs in refs_of("crm", "email").values() if 1 < len(refs) < 5]
    assert any(refs.isdisjoint(into) for refs in twice)


def test_some_guests_register_later_and_some_never() -> None:
    guests = {person for (source, ref), person in people().items() if source == "sample" and ref.startswith("@")}
    registered = {person for (source, ref), person in people().items() if source == "sample" and ref.startswith("C")}
    assert len(guests & registered) > 3
    assert len(guests - registered) > 3

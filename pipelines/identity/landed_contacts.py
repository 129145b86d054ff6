"""The e-mails and phones of every landed row, for finding one person without normalising the contacts of everybody.

The build normalises every contact (identifiers.py). Erasing or exporting a person needs only the texts that mean the
same as the contacts of this person. So each text gets a bucket in SQL, and only texts of the same bucket are
normalised. linked.py follows the links.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import duckdb

from pipelines.base.entities import ENTITIES
from pipelines.identity.contacts import ContactRules, Kind, kind_of
from pipelines.identity.plain_contacts import digits, email_of, phone_of

Ref = tuple[str, str]
"""Source and reference. The reference of a guest is `GUEST` and the normal form of the e-mail address."""

GUEST = "\x1f@"  # no reference of a source begins like this
_KINDS: tuple[Kind, ...] = ("email", "phone")

# An address in ASCII has its normal form's letters up to the first + or @, apart from case, `mailto:` and blanks.
_EMAIL_BUCKET = r"regexp_extract({text}, '^ *(?:mailto:)? *([^+@]*)', 1)"
# A valid number has at least four digits after the country code and the area code, and they are the last ones of
# every spelling. Digits beyond ASCII are not compared here.
_PHONE_BUCKET = "right(regexp_replace({text}, '[^0-9]', '', 'g'), 4)"
_BUCKET = {"email": _EMAIL_BUCKET.format(text="lower({text})"), "phone": _PHONE_BUCKET}
_ODD = {"email": r"not regexp_full_match({text}, '[\x20-\x7e]*')", "phone": r"regexp_matches({text}, '[^\P{{N}}0-9]')"}


def bucket_of(kind: Kind, text: str) -> str:
    """SQL of the bucket of a text. Texts with the same normal form have the bucket of this form, or are odd.

    Args:
        kind: The kind of contact.
        text: SQL of the text.
    """
    return _BUCKET[kind].format(text=text)


def is_odd(kind: Kind, text: str) -> str:
    """SQL that checks whether a text may have a normal form of another bucket, for example full-width letters.

    Args:
        kind: The kind of contact.
        text: SQL of the text.
    """
    return _ODD[kind].format(text=text)


def is_guest(ref: str) -> bool:
    """Whether a reference is one of a guest."""
    return ref.startswith(GUEST)


@dataclass(frozen=True)
class Contact:
    """An e-mail or phone that landed rows state for a reference.

    Attributes:
        ref: The reference, or the guest; None if the row names nobody: it has a phone and no usable e-mail address.
        kind: The kind.
        text: The contact as it has landed.
        form: Its normal form; None if it has none.
    """

    ref: Ref | None
    kind: Kind
    text: str
    form: str | None


class LandedContacts:
    """The contacts of every landed row, of every version.

    What is found by form is complete: the texts of the form's bucket and all odd texts are normalised.

    Args:
        connection: Has one view per entity, with `source`.
        rules: The rules for contacts.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, rules: ContactRules) -> None:
        self.rules = rules
        self._connection = connection
        self._forms: dict[tuple[Kind, str], str | None] = {}
        self._recognised: dict[tuple[Kind, str], str | None] = {}
        self._odd: dict[Kind, list[str]] = {}
        stated = [
            f"select source, customer_ref as ref, case when customer_ref is null then email end as guest,"  # noqa: S608 (names of ours)
            f" '{kind}' as kind, {kind} as text from {name} where {kind} is not null"
            for name, entity in ENTITIES.items()
            if {"customer_ref", *_KINDS} <= entity.columns.keys()
            for kind in _KINDS
        ]
        connection.execute(f"create or replace temp table landed_contacts as {' union '.join(stated)}")
        buckets, odd = (
            f"case kind when 'email' then {of('email', 'text')} else {of('phone', 'text')} end"
            for of in (bucket_of, is_odd)
        )
        connection.execute(
            "create or replace temp table landed_texts as"  # noqa: S608 (names of ours)
            f" select kind, text, {buckets} as bucket, {odd} as is_odd"
            " from (select distinct kind, text from landed_contacts)"
        )

    def form(self, kind: Kind, text: str) -> str | None:
        """The normal form of a text. Each text is normalised once."""
        if (kind, text) not in self._forms:
            self._forms[kind, text] = self.rules.form(kind, text)
        return self._forms[kind, text]

    def recognised_form(self, kind: Kind, text: str) -> str | None:
        """The form by which an erased contact is recognised. It is made once for each text."""
        if (kind, text) not in self._recognised:
            self._recognised[kind, text] = self.rules.recognised_form(kind, text)
        return self._recognised[kind, text]

    def of(self, refs: Iterable[Ref]) -> list[Contact]:
        """The contacts of some references and guests."""
        pairs = sorted(set(refs))
        forms = {ref.removeprefix(GUEST) for _, ref in pairs if is_guest(ref)}
        texts = self.texts(forms) if forms else {}
        spelled = [(source, text) for source, ref in pairs if is_guest(ref) for text in texts[ref.removeprefix(GUEST)]]
        return [
            *self._select("(source, ref) in (select * from wanted)", pairs),
            *self._select("ref is null and (source, guest) in (select * from wanted)", spelled),
        ]

    def guests(self, source: str) -> list[str]:
        """The e-mails of rows of a source without a customer, as landed."""
        rows = self._connection.execute(
            "select distinct guest from landed_contacts where guest is not null and source = ?", [source]
        ).fetchall()
        return [text for (text,) in rows]

    def like(self, kind: Kind, texts: Collection[str]) -> list[Contact]:
        """Every contact that erasure recognises as one of some texts, by its form or its plain text, and who has it."""
        forms = {form for text in texts if (form := self.recognised_form(kind, text)) is not None}
        candidates = self._candidates(kind, sorted(forms)) if forms else ()
        spelled = sorted(text for text in candidates if self.recognised_form(kind, text) in forms)
        plains = {email_of(text) if kind == "email" else phone_of(text) for text in texts} - {""}
        plain = "lower(text)" if kind == "email" else digits("text")
        where = f"(kind, {plain}) in (select * from wanted)"  # noqa: S608 (names of ours)
        same = self._select(where, [(kind, text) for text in sorted(plains)])
        with_forms = self._select("(kind, text) in (select * from wanted)", [(kind, text) for text in spelled])
        return list(dict.fromkeys([*with_forms, *same]))

    def with_forms(self, forms: Iterable[str]) -> list[Contact]:
        """Every contact with one of these normal forms, and who has it."""
        spelled = [(kind_of(form), text) for form, texts in self.texts(forms).items() for text in sorted(texts)]
        return self._select("(kind, text) in (select * from wanted)", spelled)

    def texts(self, forms: Iterable[str]) -> dict[str, set[str]]:
        """The landed texts with each of these normal forms."""
        found: dict[str, set[str]] = {form: set() for form in forms}
        for kind in _KINDS:
            wanted = [form for form in found if kind_of(form) == kind]
            if wanted:
                for text in self._candidates(kind, wanted):
                    if (form := self.form(kind, text)) in found and form is not None:
                        found[form].add(text)
        return found

    def _candidates(self, kind: Kind, forms: list[str]) -> Iterator[str]:
        if kind not in self._odd:
            odd = self._connection.execute("select text from landed_texts where kind = ? and is_odd", [kind])
            self._odd[kind] = [text for (text,) in odd.fetchall()]
        yield from self._odd[kind]
        rows = self._connection.execute(
            "select text from landed_texts where kind = $kind and not is_odd and bucket in"  # noqa: S608 (names of ours)
            f" (select {bucket_of(kind, 'form')} from (select unnest($forms::varchar[]) as form))",
            {"kind": kind, "forms": forms},
        ).fetchall()
        yield from (text for (text,) in rows)

    def _select(self, where: str, wanted: Sequence[tuple[str, str]]) -> list[Contact]:
        if not wanted:
            return []
        rows = self._connection.execute(
            "with wanted as (select unnest($one::varchar[]), unnest($other::varchar[]))"  # noqa: S608 (names of ours)
            f" select source, ref, guest, kind, text from landed_contacts where {where} order by all",
            {"one": [one for one, _ in wanted], "other": [other for _, other in wanted]},
        ).fetchall()
        return [
            Contact(self._owner(source, ref, guest), kind, text, self.form(kind, text))
            for source, ref, guest, kind, text in rows
        ]

    def _owner(self, source: str, ref: str | None, guest: str | None) -> Ref | None:
        if ref is not None:
            return source, ref
        form = self.form("email", guest) if guest is not None else None
        return (source, GUEST + form) if form is not None and not self.rules.is_blocked("email", form) else None

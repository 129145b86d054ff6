"""The pseudonyms of a person: one for each reference and guest, with every key of the installation."""

from collections.abc import Iterable, Sequence

from pipelines.identity.identifiers import identifier
from pipelines.identity.landed_contacts import GUEST, Ref, is_guest
from pipelines.identity.pseudonyms import customer_key
from pipelines.privacy.subject import Subject


def customer_keys(keys: Sequence[bytes], refs: Iterable[Ref]) -> tuple[str, ...]:
    """The pseudonyms of references and guests, sorted.

    Args:
        keys: The secret keys.
        refs: The references.
    """
    pairs = list(refs)
    return tuple(sorted({customer_key(key, source, _in_the_build(key, ref)) for key in keys for source, ref in pairs}))


def refs_of(subject: Subject) -> set[Ref]:
    """The references and guests of a person."""
    return {*subject.refs, *((source, GUEST + form) for source, form in subject.guests)}


def named_in_the_build(keys: Sequence[bytes], refs: Iterable[Ref]) -> set[Ref]:
    """References as the build and decisions name them: a guest has a keyed hash of the e-mail, with every key."""
    return {(source, _in_the_build(key, ref)) for source, ref in refs for key in keys}


def _in_the_build(key: bytes, ref: str) -> str:
    return f"@{identifier(key, 'email', ref.removeprefix(GUEST))}" if is_guest(ref) else ref

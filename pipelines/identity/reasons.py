"""Why two references are the same customer or not, as plain data. why.py finds it, and the command line shows it."""

from dataclasses import dataclass

Ref = tuple[str, str]
"""Source and reference."""


@dataclass(frozen=True)
class Step:
    """One link of a chain between two references.

    Attributes:
        kind: `person_ref` (the record of `one` names `other`), `email` or `phone` (both have it), or `decision`.
        one: A reference.
        other: The next reference.
        contact: The e-mail or phone; empty for other kinds.
        decision: The id of the user's decision; empty for other kinds.
    """

    kind: str
    one: Ref
    other: Ref
    contact: str = ""
    decision: str = ""


@dataclass(frozen=True)
class Blocked:
    """An e-mail or phone that both have, but that links nobody.

    Attributes:
        kind: `email` or `phone`.
        value: The e-mail or phone.
        reason: `block_list` or `too_many_references`.
        n_refs: The number of references that it would link.
    """

    kind: str
    value: str
    reason: str
    n_refs: int


@dataclass(frozen=True)
class Stated:
    """An e-mail or phone that a row of a reference states, but that links nothing."""

    ref: Ref
    kind: str
    value: str


@dataclass(frozen=True)
class Elsewhere:
    """A reference that a customer record names as its person, in a source of which nothing has landed.

    Attributes:
        ref: The reference of the record.
        named: What it names: person_source and person_ref.
    """

    ref: Ref
    named: Ref


@dataclass(frozen=True)
class Why:
    """Why two references are the same customer or not.

    Attributes:
        one: A reference.
        other: The other reference.
        is_same: Whether they are the same customer in the last build.
        is_current: Whether this is also the result of the decisions in force now, which may be newer than the build.
        chain: The fewest links between them, if the decisions in force leave any.
        separated_by: The ids of unlinks that separate them.
        blocked: E-mails and phones that both customers have, but that link nobody.
        unusable: E-mails and phones of either customer that have no normal form.
        later: E-mails and phones that both customers have, but not yet on the as-of day.
        elsewhere: References in unknown sources that records of either customer name as their person.
    """

    one: Ref
    other: Ref
    is_same: bool
    is_current: bool
    chain: tuple[Step, ...] = ()
    separated_by: tuple[str, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    unusable: tuple[Stated, ...] = ()
    later: tuple[Stated, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()

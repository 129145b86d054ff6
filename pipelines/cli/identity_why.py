"""The text of `loyalty identity why`: the links between two references, or what they share and why it links nobody."""

from collections.abc import Iterator, Mapping

from pipelines.config.model_identity import IdentityModel
from pipelines.identity.decisions import Decision
from pipelines.identity.masked import masked_contact, masked_email, masked_ref
from pipelines.identity.reasons import Blocked, Ref, Stated, Step, Why

_KINDS = {"email": "e-mail", "phone": "phone"}


class WhyText:
    """Writes an explanation as lines, or as values for JSON.

    Args:
        limits: The settings of identity.
        decisions: Every decision by its id.
        reveal: Whether personal values are shown in clear text.
    """

    def __init__(self, limits: IdentityModel, decisions: Mapping[str, Decision], *, reveal: bool) -> None:
        self._limits = limits
        self._decisions = decisions
        self._reveal = reveal

    def lines(self, why: Why) -> Iterator[str]:
        """One sentence per line."""
        one, other = self.reference(why.one), self.reference(why.other)
        yield f"{one} and {other} are {'the same customer' if why.is_same else 'two customers'} in the last build"
        if not why.is_current:
            result = "the same customer" if why.chain else "two customers"
            yield f"by the decisions in force now they are {result}: the next `loyalty run` applies them"
        yield from (f"- {self._step(step)}" for step in why.chain)
        yield from (f"- {self._unlink(decision)}" for decision in why.separated_by)
        yield from (f"- {self._blocked(blocked)}" for blocked in why.blocked)
        yield from (
            f"- both have the {self._contact(stated)}, but {self.reference(stated.ref)} not yet on the day of the build"
            for stated in why.later
        )
        yield from (
            f"- {self.reference(stated.ref)} has the {self._contact(stated)}, which has no normal form and links nobody"
            for stated in why.unusable
        )
        yield from (
            f"- the customer record of {self.reference(one.ref)} names {self.reference(one.named)} as its person, but"
            f" no data of a source {one.named[0]} have landed (person_source), so it links nobody"
            for one in why.elsewhere
        )
        if not (why.is_same or why.chain or why.separated_by or why.blocked or why.later):
            yield "- no link connects them, and they share no e-mail or phone"

    def values(self, why: Why) -> dict[str, object]:
        """The same as values for JSON."""
        return {
            "one": self.reference(why.one),
            "other": self.reference(why.other),
            "is_same": why.is_same,
            "is_current": why.is_current,
            "chain": [
                {
                    "kind": step.kind,
                    "one": self.reference(step.one),
                    "other": self.reference(step.other),
                    "contact": self._value(step.kind, step.contact) if step.contact else None,
                    "decision": step.decision or None,
                }
                for step in why.chain
            ],
            "separated_by": list(why.separated_by),
            "blocked": [
                {
                    "kind": one.kind,
                    "contact": self._value(one.kind, one.value),
                    "reason": one.reason,
                    "n_references": one.n_refs,
                    "limit": self._limit(one.kind) if one.reason == "too_many_references" else None,
                }
                for one in why.blocked
            ],
            "elsewhere": [
                {"reference": self.reference(one.ref), "person": self.reference(one.named)} for one in why.elsewhere
            ],
            **{
                name: [
                    {
                        "reference": self.reference(one.ref),
                        "kind": one.kind,
                        "contact": self._value(one.kind, one.value),
                    }
                    for one in listed
                ]
                for name, listed in (("later", why.later), ("unusable", why.unusable))
            },
        }

    def reference(self, reference: Ref) -> str:
        """A reference, or the guest that it stands for."""
        source, ref = reference
        if ref.startswith("@") and "@" in ref[1:]:
            return f"the guest {ref[1:] if self._reveal else masked_email(ref[1:])} of {source}"
        return f"{source}:{ref if self._reveal else masked_ref(ref)}"

    def _step(self, step: Step) -> str:
        one, other = self.reference(step.one), self.reference(step.other)
        if step.kind == "person_ref":
            return f"the customer record of {one} names {other} as its person (person_ref)"
        if step.kind == "decision":
            return f"{self._decision(step.decision)} links {one} and {other}{self._reason(step.decision)}"
        return f"{one} and {other} have the same {_KINDS[step.kind]} {self._value(step.kind, step.contact)}"

    def _unlink(self, decision_id: str) -> str:
        entry = self._decisions[decision_id]
        pair = [self.reference(side.pair) for side in (entry.one, entry.other) if side]
        return f"{self._decision(decision_id)} separates {' and '.join(pair)}{self._reason(decision_id)}"

    def _decision(self, decision_id: str) -> str:
        entry = self._decisions[decision_id]
        return f"the decision {decision_id} of {entry.by} on {entry.at:%Y-%m-%d}"

    def _reason(self, decision_id: str) -> str:
        return f": {self._decisions[decision_id].reason}" if self._reveal else ""

    def _blocked(self, blocked: Blocked) -> str:
        contact = f"both have the {_KINDS[blocked.kind]} {self._value(blocked.kind, blocked.value)}, which links nobody"
        if blocked.reason == "block_list":
            return f"{contact}: it is on the block list (model.identity.blocked)"
        name, limit = f"model.identity.max_refs_of_{blocked.kind}", self._limit(blocked.kind)
        return (
            f"{contact}: it would link {blocked.n_refs} references, and more customers of one source have it than"
            f" {name} allows ({limit})"
        )

    def _limit(self, kind: str) -> int:
        return self._limits.max_refs_of_email if kind == "email" else self._limits.max_refs_of_phone

    def _contact(self, stated: Stated) -> str:
        return f"{_KINDS[stated.kind]} {self._value(stated.kind, stated.value)}"

    def _value(self, kind: str, value: str) -> str:
        return value if self._reveal else masked_contact(kind, value)

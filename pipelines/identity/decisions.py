"""The user's decisions: two references are the same customer (link), or they are not (unlink).

They are kept in `<home>/identity/decisions.jsonl`, one JSON object per line, oldest first. Only the owner can read the
file. Entries are added and never changed; an undo is an entry of its own. Only the erasure of a person changes entries.
A decision counts for every as-of day. resolve.py applies the decisions. The caller has the run lock.
"""

import hashlib
import json
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.base.durable import PRIVATE, umask, write_text_durably
from pipelines.base.errors import ConfigError


class Action(StrEnum):
    """What an entry does.

    Attributes:
        LINK: The two references are the same customer.
        UNLINK: The two references are not the same customer.
        UNDO: Another entry no longer counts.
        ERASED: The entry named a person who was erased since. It has no references and no reason.
    """

    LINK = "link"
    UNLINK = "unlink"
    UNDO = "undo"
    ERASED = "erased"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Reference(_Part):
    """A reference to a customer in a source."""

    source: str = Field(min_length=1)
    ref: str = Field(min_length=1)

    @property
    def pair(self) -> tuple[str, str]:
        """Source and reference."""
        return self.source, self.ref


class Decision(_Part):
    """One entry.

    Attributes:
        id: A short id, such as `d1`.
        at: The time, in UTC.
        by: The user of the operating system.
        action: What the entry does.
        one: A reference of a link or an unlink.
        other: The other reference.
        reason: Why, as the user wrote it.
        undoes: The id of the entry that an undo ends.
    """

    id: str = Field(pattern=r"^d[1-9][0-9]*$")
    at: AwareDatetime
    by: str
    action: Action
    one: Reference | None = None
    other: Reference | None = None
    reason: str = ""
    undoes: str | None = None

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        is_pair = self.action in (Action.LINK, Action.UNLINK)
        if is_pair != (self.one is not None) or is_pair != (self.other is not None):
            raise ValueError("a link or an unlink has two references, other entries have none")
        if is_pair and self.one == self.other:
            raise ValueError("both references are the same")
        if (self.action is Action.UNDO) != (self.undoes is not None):
            raise ValueError("an undo has `undoes`, other entries have not")
        return self

    @property
    def refs(self) -> frozenset[tuple[str, str]]:
        """(source, reference) of both references; empty if the entry has none."""
        return frozenset(reference.pair for reference in (self.one, self.other) if reference is not None)


def read_decisions(path: Path) -> tuple[Decision, ...]:
    """Every entry, oldest first; empty if the file does not exist.

    Raises:
        ConfigError: A line cannot be used. The message names the line, and does not quote it.
    """
    lines = path.read_bytes().splitlines() if path.exists() else []
    found: dict[str, Decision] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            decision = Decision.model_validate_json(line)
        except ValidationError as problem:
            first = problem.errors(include_url=False, include_input=False, include_context=False)[0]
            at = ".".join(str(part) for part in first["loc"])
            raise _damaged(path, number, f"{f'`{at}`: ' if at else ''}{first['msg']}") from None
        if decision.id in found:
            raise _damaged(path, number, f"the id {decision.id} occurs twice")
        if decision.undoes is not None:
            undone = found.get(decision.undoes)
            if undone is None or undone.action not in (Action.LINK, Action.UNLINK):
                raise _damaged(path, number, "it undoes an entry that is not a link or an unlink above it")
        found[decision.id] = decision
    return tuple(found.values())


def in_force(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """The links and unlinks that no later entry undoes, oldest first."""
    entries = tuple(decisions)
    undone = {entry.undoes for entry in entries}
    return tuple(entry for entry in entries if entry.action in (Action.LINK, Action.UNLINK) and entry.id not in undone)


def content_id(path: Path) -> str:
    """64 hex digits: the SHA-256 of the decisions in force.

    It depends on their references and their order, but not on who decided what when, and not on undone decisions.

    Raises:
        ConfigError: A line of the file cannot be used.
    """
    contents = [(entry.action, entry.one, entry.other) for entry in in_force(read_decisions(path))]
    text = json.dumps([[action, *(side.pair for side in (one, other) if side)] for action, one, other in contents])
    return hashlib.sha256(text.encode()).hexdigest()


def add_decision(
    path: Path, action: Action, one: tuple[str, str], other: tuple[str, str], reason: str, *, by: str
) -> Decision:
    """Add a link or an unlink.

    Args:
        path: The file. It and its folder are created if they are missing.
        action: LINK or UNLINK.
        one: (source, reference).
        other: (source, reference).
        reason: Why; must not be empty.
        by: The user.

    Raises:
        ConfigError: Both references are the same, the reason is empty, a decision about the two is in force, or links
            in force contradict the decision over other references.
    """
    if one == other:
        raise ConfigError(
            "both references are the same, so there is nothing to decide", hint="write two different references"
        )
    if not reason.strip():
        raise ConfigError("the reason is empty, so nobody could check the decision later", hint="add --reason TEXT")
    entries = read_decisions(path)
    decided = in_force(entries)
    for entry in decided:
        if entry.refs == {one, other}:
            is_same = entry.action is action
            clash = "the same decision" if is_same else f"the opposite decision ({entry.action})"
            undo = f"undo it first: loyalty identity undo {entry.id}"
            raise ConfigError(
                f"{clash} about these two references is already in force: {entry.id}",
                hint=f"no action is needed; to record another reason, {undo}" if is_same else f"to change it, {undo}",
            )
    _check_chains(decided, action, one, other)
    decision = Decision(
        id=_next_id(entries),
        at=_now(),
        by=by,
        action=action,
        one=Reference(source=one[0], ref=one[1]),
        other=Reference(source=other[0], ref=other[1]),
        reason=reason.strip(),
    )
    _write(path, (*entries, decision))
    return decision


def undo_decision(path: Path, decision_id: str, *, by: str) -> Decision:
    """Add an entry that ends a link or an unlink.

    Raises:
        ConfigError: The decision does not exist, or was undone before.
    """
    entries = read_decisions(path)
    if decision_id not in {entry.id for entry in in_force(entries)}:
        known = next((entry for entry in entries if entry.id == decision_id), None)
        if known is None:
            problem = f"the decision {decision_id} does not exist"
        elif known.action in (Action.LINK, Action.UNLINK):
            problem = f"the decision {decision_id} was undone before"
        else:
            problem = f"the entry {decision_id} ({known.action}) is not a link or an unlink, so it cannot be undone"
        raise ConfigError(problem, hint="see the decisions in force: loyalty identity list")
    decision = Decision(id=_next_id(entries), at=_now(), by=by, action=Action.UNDO, undoes=decision_id)
    _write(path, (*entries, decision))
    return decision


def forget_refs(
    path: Path,
    refs: Collection[tuple[str, str]],
    words: Sequence[str] = (),
    found: Callable[[int], object] = lambda _: None,
) -> int:
    """Remove a person from the file. It can be repeated.

    An entry that names the person, and each undo of it, keeps only id, time, user and the action `erased`. The reason
    of another entry that mentions the person is emptied.

    Args:
        path: The file; it need not exist.
        refs: (source, reference) of the person.
        words: Texts that identify the person anywhere, such as an e-mail address or a full name.
        found: Called with the number of entries that will be changed, before the file is.

    Returns:
        The number of changed entries.

    Raises:
        ConfigError: A line of the file cannot be used.
    """
    entries = read_decisions(path)
    wanted, mentioned = set(refs), [word.lower() for word in words]
    gone = {entry.id for entry in entries if entry.refs & wanted}
    kept: list[Decision] = []
    for entry in entries:
        if entry.id in gone or entry.undoes in gone:
            kept.append(Decision(id=entry.id, at=entry.at, by=entry.by, action=Action.ERASED))
        elif any(word in entry.reason.lower() for word in mentioned):
            kept.append(entry.model_copy(update={"reason": ""}))
        else:
            kept.append(entry)
    changed = sum(before != after for before, after in zip(entries, kept, strict=True))
    if changed:
        found(changed)
        _write(path, kept)
    return changed


def _check_chains(decided: Sequence[Decision], action: Action, one: tuple[str, str], other: tuple[str, str]) -> None:
    """Refuse a decision that links over other references contradict: an unlink does not separate what links join."""
    links = {entry.id: entry.refs for entry in decided if entry.action is Action.LINK}
    if action is Action.UNLINK and (chain := _chain(links, one, other)):
        raise ConfigError(
            f"these two references are joined by links in force: {', '.join(chain)}",
            hint=f"undo one of these links first, for example: loyalty identity undo {chain[0]}",
        )
    with_new = {**links, "the new link": frozenset({one, other})} if action is Action.LINK else links
    for entry in decided:
        if entry.action is Action.UNLINK and not _chain(links, *entry.refs) and _chain(with_new, *entry.refs):
            raise ConfigError(
                f"with this link, links would join the two references that {entry.id} keeps apart",
                hint=f"undo it first: loyalty identity undo {entry.id}",
            )


def _chain(
    links: Mapping[str, frozenset[tuple[str, str]]], start: tuple[str, str], end: tuple[str, str]
) -> tuple[str, ...]:
    """The ids of the fewest links that lead from one reference to another; empty if none do."""
    chains: dict[tuple[str, str], tuple[str, ...]] = {start: ()}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for name, refs in links.items():
            for there in refs - chains.keys() if here in refs else ():
                chains[there] = (*chains[here], name)
                waiting.append(there)
    return chains.get(end, ())


def _write(path: Path, entries: Iterable[Decision]) -> None:
    text = "".join(entry.model_dump_json(exclude_defaults=True) + "\n" for entry in entries)
    with umask(PRIVATE):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_text_durably(path, text, mode=0o600)


def _next_id(entries: Sequence[Decision]) -> str:
    return f"d{max((int(entry.id[1:]) for entry in entries), default=0) + 1}"


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _damaged(path: Path, line: int, problem: str) -> ConfigError:
    return ConfigError(
        f"{path}, line {line}: this is not a valid decision ({problem}), so it is not known who is the same customer",
        hint="correct the line, or restore the file from a backup; without the line, its decision does not count",
    )

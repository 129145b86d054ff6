"""The audiences of a push: who is to be contacted, and the campaign touches of those whom the CRM names now.

A touch is written once, when the field names the audience for the first time, and for members of the holdout group when
they would have been named. So daily pushes do not repeat it. Both groups are records that the CRM has: a customer
without one is in neither.
"""

from collections import Counter
from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.activation.declared import declared_audience
from pipelines.activation.layouts import Contact
from pipelines.activation.members import HELD_OUT, TREATED, Members, members_of
from pipelines.activation.push_crm import SEPARATOR
from pipelines.activation.push_wanted import References
from pipelines.activation.touches import Touch, write_touches
from pipelines.config.push import PushSettings
from pipelines.config.settings import Settings
from pipelines.privacy.pushed import PushState
from pipelines.reading import OpenVersion

ABSENT = "@absent"
"""In the state: the object has no such record."""
_YES = "yes"
_ARM = "@arm:"


def pushed_members(
    settings: Settings, version: OpenVersion, entry: PushSettings, refs: References, state: pa.Table
) -> dict[str, Members]:
    """The members of each audience that is pushed.

    Raises:
        ConfigError: An audience is not declared, or a list of suppressed customers cannot be read.
        PublicationError: The version was built with another declaration of an audience.
        BuildError: There is no build.
    """
    if entry.audiences is None:
        return {}
    declared = {name: declared_audience(settings, name) for name in entry.audiences.names}
    key_of = dict(zip(*(column.to_pylist() for column in refs.table.columns), strict=True))
    named: dict[str, set[str | None]] = {name: set() for name in declared}
    for record, names in _marks(entry, state).items():
        for name in names & named.keys():
            named[name].add(key_of.get(record))

    def named_in(keys: set[str | None]) -> Callable[[Contact], bool]:
        return lambda one: one.customer_key in keys

    return {
        name: members_of(settings, version, name, audience, named_in(named[name]))
        for name, audience in declared.items()
    }


def treated_keys(members: Mapping[str, Members]) -> dict[str, list[str]]:
    """The keys of the customers to contact, by audience."""
    return {name: [key for key, arm in one.arms.items() if arm == TREATED] for name, one in members.items()}


def write_new_touches(
    settings: Settings,
    version: OpenVersion,
    entry: PushSettings,
    refs: References,
    members: Mapping[str, Members],
    state: PushState,
) -> dict[str, dict[str, int]]:
    """Write the touches of those who are new in an audience; returns their numbers by audience and group."""
    rows = state.read()
    marks = _marks(entry, rows)
    here = set(rows["record_id"].to_pylist()) - _of(rows, ABSENT, _YES)
    by_customer = refs.by_customer() if members else {}
    counts = {}
    for name, one in members.items():
        now: dict[str, str] = {}
        for key, arm in one.arms.items():
            records = [record for record in by_customer.get(key, ()) if record in here]
            if arm == TREATED:
                records = [record for record in records if name in marks.get(record, ())]
            if records:
                now[records[0]] = arm
        of_arm = rows.filter(pc.equal(rows["field"], _ARM + name))
        before = dict(zip(of_arm["record_id"].to_pylist(), of_arm["value"].to_pylist(), strict=True))
        new = {record: arm for record, arm in now.items() if before.get(record) != arm}
        if new:
            touches = [Touch(entry.source, record, arm) for record, arm in new.items()]
            write_touches(settings.paths.audience_touches, name, version.as_of, settings.timezone, touches)
        left = {record: "" for record, arm in before.items() if arm and record not in now}
        state.add((record, {_ARM + name: arm}) for record, arm in {**new, **left}.items())
        groups = Counter(new.values())
        counts[name] = {arm: groups[arm] for arm in (TREATED, HELD_OUT)}
    return counts


def absent(values: Mapping[str, str]) -> dict[str, str]:
    """What the state keeps of a record that the object does not have."""
    return {**values, ABSENT: _YES}


def confirmed(values: Mapping[str, str]) -> dict[str, str]:
    """What the state keeps of a record that has these values."""
    return {**values, ABSENT: ""}


def _marks(entry: PushSettings, state: pa.Table) -> dict[str, set[str]]:
    """The audiences that each record names."""
    if entry.audiences is None:
        return {}
    gone = _of(state, ABSENT, _YES)
    rows = state.filter(pc.and_(pc.equal(state["field"], entry.audiences.field), pc.not_equal(state["value"], "")))
    pairs = zip(rows["record_id"].to_pylist(), rows["value"].to_pylist(), strict=True)
    return {record: set(text.split(SEPARATOR)) for record, text in pairs if record not in gone}


def _of(state: pa.Table, field: str, value: str) -> set[str]:
    rows = state.filter(pc.and_(pc.equal(state["field"], field), pc.equal(state["value"], value)))
    return set(rows["record_id"].to_pylist())

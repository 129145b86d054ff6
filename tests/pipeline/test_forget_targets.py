"""Forgetting while a target of `publish` is out of reach: the home loses the person at once, and nothing is lost."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.base.durable import PRIVATE, umask
from pipelines.config.publish import PostgresSettings, PublishSettings
from pipelines.config.secret_key import load_key
from pipelines.privacy import erase, finish_pending, plan_erasure
from pipelines.privacy.audience_files import KEY, PART, REASON, write_files
from pipelines.privacy.plan import JOURNAL
from pipelines.privacy.pushed import PushState
from pipelines.publication.targets import TargetError
from tests.pipeline import person
from tests.pipeline.test_forget_landed import DAY, arrive


def test_the_home_loses_the_person_also_while_a_target_cannot_be_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("adbc_driver_postgresql", reason="needs the extra `postgres`")
    monkeypatch.setenv("LOYALTY_POSTGRES", "postgresql://shop:none@127.0.0.1:1/shop")  # nobody listens there
    alone = person.settings(tmp_path, inbox=tmp_path / "home" / "inbox")
    settings = alone.model_copy(update={"publish": PublishSettings(postgres=PostgresSettings())})
    paths = settings.paths
    person.write(settings.sources[0].files, DAY, person.rows(DAY))
    arrive(settings)
    load_key(paths.key, settings.key_text)
    plan = plan_erasure(settings, person.EMAIL)
    rows = {PART: ["members"], KEY: [plan.customer_keys[0]], REASON: [None], "email": [person.EMAIL]}
    schema = pa.schema([(name, pa.string()) for name in rows])
    folder = paths.audiences / "win_back" / "csv"
    write_files(folder, pa.Table.from_pydict(rows, schema=schema), {"counts": {"held_out": 0}})
    with PushState(paths.pushes / "crm", "Contacts") as state:
        state.add([(person.REF, {"level": "loyal"})])

    (paths.published / "versions").mkdir(parents=True)
    with umask(PRIVATE) as users, pytest.raises(TargetError) as failed:
        erase(settings, plan, users)
    assert f"The erasure {plan.id} is not complete: the person is erased from the home" in failed.value.message
    assert "call the same command again, or `loyalty run`: both finish the erasure" in failed.value.hint
    left = person.traces(settings.home, (person.EMAIL, person.REF, plan.customer_keys[0]))
    assert left.keys() <= {f"erasures/{JOURNAL}"}
    assert not (paths.erasures / f"{plan.id}.json").exists()

    with umask(PRIVATE) as users, pytest.raises(TargetError):
        finish_pending(settings, users)
    with umask(PRIVATE) as users:
        certificate = finish_pending(alone, users)
    assert certificate is not None and certificate.id == plan.id
    assert certificate.audiences == ("win_back/csv",)
    assert len(certificate.inbox_removed) == len(plan.files)
    assert any("1 record of Contacts in the CRM of the source crm had fields" in task for task in certificate.to_do)
    assert json.loads((paths.erasures / f"{plan.id}.json").read_text())["audiences"] == ["win_back/csv"]
    assert not (paths.erasures / JOURNAL).exists()

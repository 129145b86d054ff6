"""A day is built only on staging that was built by the present code and settings."""

from pathlib import Path

import pytest

from pipelines.base.errors import GateError
from pipelines.orchestration.plan_asset import check_staged
from pipelines.runs.build_state import StagedState, WarehouseState
from pipelines.runs.marks import Step


def test_staging_of_other_code_or_settings_is_refused(tmp_path: Path) -> None:
    state = WarehouseState(staged=StagedState(fingerprint="old", batches=(), ages={}))
    nothing = {Step.LANDING: frozenset[str](), Step.STAGING: frozenset[str]()}
    check_staged(state, tmp_path / "marks.json", nothing, "old")
    with pytest.raises(GateError, match="the code or a setting of staging has changed") as refused:
        check_staged(state, tmp_path / "marks.json", nothing, "new")
    assert "loyalty run" in str(refused.value.hint)

"""Creates the events of a step's tables and checks in linear time.

For each `AssetCheckResult` Dagster collects the keys of all checks of the step and looks up the latest materialization
of the table; for each table it looks through all outputs of the step. The step of the marts has a thousand checks.
Here the keys and the tables are collected once per step, and the materialization is looked up once per table.
"""

from collections.abc import Iterator

import dagster as dg

CheckEvent = dg.AssetCheckResult | dg.AssetCheckEvaluation | dg.Output[None]


class CheckEvents:
    """The events of one step's checks.

    Args:
        context: The context of the step.
    """

    def __init__(self, context: dg.AssetExecutionContext) -> None:
        self._step = context.get_step_execution_context()
        tables = self._step.get_output_asset_keys()
        self._step.get_output_asset_keys = lambda: tables
        self._checks = {
            spec.key: (output, spec) for output, spec in context.assets_def.check_specs_by_output_name.items()
        }
        self._first: dict[dg.AssetKey, dg.AssetCheckEvaluation] = {}

    def of(self, result: dg.AssetCheckResult) -> Iterator[CheckEvent]:
        """The events that Dagster would create for a result. The checks of a table run after the table was built.

        A result without a key, or of a check that is not selected, is left to Dagster.
        """
        key = dg.AssetCheckKey(result.asset_key or dg.AssetKey([]), result.check_name or "")
        if key not in self._checks:
            yield result
            return
        output, spec = self._checks[key]
        yield dg.Output(None, output)
        if key.asset_key not in self._first:
            self._first[key.asset_key] = result.to_asset_check_evaluation(self._step)
        first = self._first[key.asset_key]
        yield dg.AssetCheckEvaluation(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=result.passed,
            metadata=result.metadata,
            target_materialization_data=first.target_materialization_data,
            severity=result.severity,
            description=result.description,
            blocking=spec.blocking,
            partition=self._step.partition_key if self._step.has_partition_key and spec.partitions_def else None,
        )

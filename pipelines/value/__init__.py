"""The value step: how many purchases each customer will make, how much a purchase is worth, and who comes back.

Here: models of purchases, spend and contracts, the return curve and the drivers of loyalty as pure functions on numpy
arrays, and the functions that read and write files. `estimate` checks which models suit the data, and runs all but the
drivers (`write_drivers`). Not here: which customers, days and responses count (dbt_project), discounting, margins and
tiers (marts), scheduling (orchestration).
"""

from pipelines.value.driver_files import write_drivers
from pipelines.value.report import ModelReport, ValueReport
from pipelines.value.returns import write_return_curves
from pipelines.value.scoring import score
from pipelines.value.step import StepReport, estimate

__all__ = ["ModelReport", "StepReport", "ValueReport", "estimate", "score", "write_drivers", "write_return_curves"]

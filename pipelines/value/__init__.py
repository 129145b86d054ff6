"""The value step: how many purchases each customer will make, how much a purchase is worth, and who comes back.

Here: purchase and spend models and the return curve as pure functions on numpy arrays, and the functions that read and
write files (`score`, `write_return_curves`). Not here: which customers and days count (dbt_project), discounting,
margins and tiers (marts), scheduling (orchestration).
"""

from pipelines.value.report import ModelReport, ValueReport
from pipelines.value.returns import write_return_curves
from pipelines.value.scoring import score

__all__ = ["ModelReport", "ValueReport", "score", "write_return_curves"]

"""The value step: how many purchases each customer will make, and how much a purchase is worth.

Here: purchase and spend models as pure functions on numpy arrays, and `score`, the only function that reads and writes
files. Not here: which customers and days count (dbt_project), discounting, margins and tiers (marts), scheduling
(orchestration).
"""

from pipelines.value.report import ModelReport, ValueReport
from pipelines.value.scoring import score

__all__ = ["ModelReport", "ValueReport", "score"]

"""Privacy: erases a person from all data of an installation, and exports all data about a person.

This package finds people in the landed data, rewrites landed batches without them, stores tombstones so that they do
not come back, and writes certificates. Other packages rewrite published versions (publication), make pseudonyms
(identity/pseudonyms.py), manage the secret key (config/secret_key.py) and write the terminal output (cli).
"""

from pipelines.privacy.certificate import Certificate
from pipelines.privacy.forget import erase, finish_pending, landing_eraser
from pipelines.privacy.plan import Plan
from pipelines.privacy.planning import plan_erasure, plan_erasures_again

__all__ = [
    "Certificate",
    "Plan",
    "erase",
    "finish_pending",
    "landing_eraser",
    "plan_erasure",
    "plan_erasures_again",
]

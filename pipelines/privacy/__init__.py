"""Privacy: erasing a person from everything that an installation holds, and telling a person what is held.

What is here finds people by what their sources say of them, rewrites landed batches without them, keeps tombstones so
that they do not come back, and writes certificates. What is not: rewriting published versions (publication), pseudonyms
(pseudonyms.py), the secret (secret_key.py), and the words that a terminal shows (cli).
"""

from pipelines.privacy.certificate import Certificate
from pipelines.privacy.forget import erase, finish_pending, landing_eraser, plan_erasure, plan_erasures_again
from pipelines.privacy.plan import Plan

__all__ = [
    "Certificate",
    "Plan",
    "erase",
    "finish_pending",
    "landing_eraser",
    "plan_erasure",
    "plan_erasures_again",
]

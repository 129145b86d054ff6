"""Identity: which references belong to the same person.

Two references of a source are linked if the customer record of one names the other in `person_ref`. All references that
are linked, in either direction and over any number of steps, are one person. The marts apply this rule in dbt to the
records that count on the as-of day (models/intermediate/identity). This package applies it to every record that ever
landed, for erasing and exporting a person. tests/dbt/test_identity.py checks that both give the same result.
"""

from pipelines.identity.linked import linked_refs

__all__ = ["linked_refs"]

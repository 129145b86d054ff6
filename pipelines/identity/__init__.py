"""Identity: which references are one person.

Two references of a source are linked if a customer record of the one names the other as its person (`person_ref`). A
person is all that is linked, in either direction and over any number of steps. The marts apply this to the records that
count on the as-of day, in dbt (models/intermediate/identity). Here it is applied to every record that ever landed,
which is what forgetting and exporting a person need. tests/dbt/test_identity.py holds both to one definition.
"""

from pipelines.identity.linked import linked_refs

__all__ = ["linked_refs"]

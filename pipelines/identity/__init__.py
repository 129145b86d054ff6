"""Identity: which references belong to the same person.

References are linked if the customer record of one names the other in `person_ref`, if they have the same e-mail
address or phone number, or if the user links them. All references that are linked, in either direction and over any
number of steps, are one person.

contacts.py gives the normal form of a contact, identifiers.py and pseudonyms.py the keyed hashes, and resolve.py the
persons of a run. linked.py applies `person_ref` alone to every record that ever landed, for erasing and exporting a
person.
"""

from pipelines.identity.linked import linked_refs

__all__ = ["linked_refs"]

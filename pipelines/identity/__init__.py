"""Identity: which references belong to the same person, in one source or in several.

References are linked by `person_ref`, by e-mails and phones in normal form, and by the user's decisions. resolve.py has
the rules. The marts apply them to the rows that count on the as-of day (dbt finds the links, see
models/intermediate/identity). linked.py applies them to every row that ever landed, for erasing and exporting a person.

contacts.py gives the normal form of a contact, identifiers.py and pseudonyms.py the keyed hashes.
"""

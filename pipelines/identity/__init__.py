"""Identity: which references belong to the same person, in one source or in several.

References are linked if the customer record of one names the other in `person_ref`, if they have the same e-mail
address or phone number, or if the user links them. All references that are linked, in either direction and over any
number of steps, are one person.

contacts.py gives the normal form of a contact, identifiers.py and pseudonyms.py the keyed hashes, and resolve.py the
persons of a run. linked.py applies the same rules to every record that ever landed, for erasing and exporting a person.
"""

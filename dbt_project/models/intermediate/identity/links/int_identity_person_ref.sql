{{ person_refs() }}

"""What is done with the marts: audiences for the tools of marketing, and values for the fields of a CRM.

Only this package joins the marts with names, addresses and references. It reads published versions and the restricted
tables of the last build, and writes below `<home>/audiences`, `<home>/audience_touches` and `<home>/state/push`.
"""

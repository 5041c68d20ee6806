"""The portfolio file: how customers and what they hold come into the portal and go out of it.

`reading` takes a file apart into records, `checking` turns a record into rows or faults, `staging` puts the rows
beside the portal's own tables, `references` checks there what one record alone cannot show, `writing` brings the
portal in line, `importing` does all of it in one go. `exporting` writes the same format, `eligibility` the
verdicts of a whole partner.
"""

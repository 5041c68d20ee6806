"""Reads what a partner has on another server of the Partner Center REST protocol, and brings it into this portal.

`source` asks one question at a time and waits where it is told to, `gathering` asks for all there is, `spool` keeps
the answers until all are there, `translate` makes records of a portfolio of them, and `takeover` leaves out what this
portal cannot hold and hands the rest to the import of portfolios, which alone decides and writes.
"""

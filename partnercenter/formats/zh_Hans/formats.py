"""Numbers as mainland China writes them, in groups of three; Django's own leave them ungrouped."""

THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3

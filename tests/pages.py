"""What a page tells, whatever is drawn at random into it."""

import re

# Ids, idempotency keys and form tokens may hold any digits.
DRAWN = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=name=\"csrfmiddlewaretoken\" value=\")\w+")


def numbers(markup: str) -> set[int]:
    """Every whole number of a page, its thousands grouped or not, but for those within ids and tokens."""
    found = re.findall(r"\d{1,3}(?:,\d{3})+(?!\d)|\d+", DRAWN.sub("", markup))
    return {int(number.replace(",", "")) for number in found}

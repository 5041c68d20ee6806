"""Words about what is sold, in the reader's language."""

from collections.abc import Iterable

from django.utils.translation import gettext as _


def listed(names: Iterable[str]) -> str:
    """Names in a row, with the comma of the reader's language."""
    # Translators: what stands between the names of a list, such as "Exchange Online, Bookings".
    return _(", ").join(names)

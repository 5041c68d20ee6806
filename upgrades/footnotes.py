"""Footnotes of the matrix. They are data, in English; those that the portal brings along can be translated."""

from django.utils.translation import gettext, gettext_noop

# The footnote of the matrix that comes with the migrations, so that translators meet it.
KNOWN = (
    gettext_noop(
        "On the global page the footnote says that India editions upgrade only to the India edition of Business "
        "Premium; for China the marker carries no further condition."
    ),
)


def footnote_words(footnote: str) -> str:
    """A footnote in the reader's language where it is a known one, otherwise as it was written."""
    # gettext("") is not empty but the head of the catalogue of messages.
    return gettext(footnote) if footnote else ""

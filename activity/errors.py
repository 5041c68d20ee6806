"""Why something that was asked is refused. Each refusal says so in a whole sentence in the reader's language."""

from django.utils.translation import gettext as _


class Refused(Exception):
    """Something that was asked and not done; nothing has changed. `codes` say why, as on the wire."""

    codes: tuple[str, ...] = ("other",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("This was refused; nothing was changed.")

    def __str__(self) -> str:
        return self.message


class SubmissionReused(Refused):
    """The idempotency key already belongs to something else that was asked."""

    codes = ("idempotency_key_reused",)

    @property
    def message(self) -> str:
        """The reason as a sentence."""
        return _("This form was already used for something else. Open the page afresh and try again.")

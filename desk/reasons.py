"""The words of the codes that an activity record gives for a refusal."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from upgrades.conditions import CONDITIONS

REASONS: dict[str, Promise | str] = {
    "role": _("The person's roles do not allow it"),
    "in_use": _("It is in use"),
    "matrix_changed": _("Somebody had changed the matrix in the meantime"),
    "cells_invalid": _("A cell or footnote of the matrix was not acceptable"),
    "quantity_out_of_range": _("The number of licences is outside what the offer allows"),
    "subscription_changed": _("Somebody had changed the subscription in the meantime"),
    "idempotency_key_reused": _("The form had already been used for another upgrade"),
    "subscription_does_not_have_any_upgrade_paths": _("There is no upgrade path to that offer"),
    "domain_taken": _("A customer with this domain already existed"),
    "relationship_ended": _("The reseller relationship with the customer had ended"),
    "account_changed": _("Somebody had changed these details in the meantime"),
    **{condition.code: condition.unmet_words for condition in CONDITIONS},
}


def reason_words(codes: Iterable[str]) -> list[str]:
    """What these codes say; one of a later version of the portal as it stands."""
    return [str(REASONS.get(code, code)) for code in codes]

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
    "idempotency_key_reused": _("The form had already been used for something else"),
    "subscription_does_not_have_any_upgrade_paths": _("There is no upgrade path to that offer"),
    "domain_taken": _("A customer with this domain already existed"),
    "relationship_ended": _("The reseller relationship with the customer had ended"),
    "account_changed": _("Somebody had changed these details in the meantime"),
    "subscription_deleted": _("The subscription was deleted"),
    "reseller_of_record": _("The subscription was bought from another reseller or channel"),
    "status_change_unknown": _("There was no way from its status to the one asked for"),
    "past_deletion": _("The 60 days after its suspension were over"),
    "parent_not_active": _("The subscription that it is an add-on of was not active"),
    "offer_fixed": _("The offer of a subscription changes by an upgrade only"),
    "partner_fixed": _("The reseller of record of a subscription cannot be changed"),
    "billing_cycle_fixed": _("The billing cycle of a subscription cannot be changed"),
    "licence_transfer": _("Partners cannot move the licences of users in this cloud"),
    "concurrency_conflicts": _("Somebody else’s change of the customer was still under way"),
    "nickname_invalid": _("The nickname was too long or held characters that cannot be shown"),
    "reason_invalid": _("The reason given was too long or held characters that cannot be shown"),
    "order_refused": _("Something in the order was not acceptable"),
    "unknown_offer": _("There was no such offer"),
    "offer_not_available": _("The offer was not available for purchase"),
    "offer_already_present": _("The customer already had this offer"),
    "add_on_parent_missing": _("The customer had no subscription that the add-on could be added to"),
    "draft_changed": _("The draft had been changed in another window"),
    "draft_unfinished": _("The draft was not finished"),
    "price_list_faulty": _("The price list had faults"),
    "prices_changed": _("Somebody had changed prices in the meantime"),
    "too_many_views": _("There were too many saved views"),
    "name_taken": _("The name was taken"),
    "query_too_long": _("The filter was too long to be saved"),
    "already_asked": _("An invitation for the same was waiting already"),
    "nothing_asked": _("The invitation asked for nothing"),
    "reminded_lately": _("The customer had been reminded lately"),
    "privileges_held": _("The privileges were held already"),
    "privileges_not_held": _("The privileges were not held any more"),
    "review_outdated": _("What it would have blocked had changed in the meantime"),
    "nothing_to_give_up": _("Nothing was named to give up"),
    "no_relationship": _("There was no reseller relationship with the customer"),
    "relationship_in_force": _("The reseller relationship was in force already"),
    "not_the_customers_address": _("The e-mail address was not one of the customer"),
    "no_address_known": _("The customer had no contact details"),
    "no_customer_with_domain": _("There was no customer with this domain"),
    "invitation_changed": _("The invitation had been changed in the meantime"),
    "invitation_state": _("The invitation was not in a state for that"),
    "upgrade_possible": _("The upgrade was possible already"),
    "not_by_mail": _("Only the link that comes by mail accepts"),
    "last_global_admin": _("It was the last global admin who may sign in"),
    "global_admins_alone": _("Only a global admin decides about global admins"),
    "not_about_yourself": _("Nobody but a global admin decides about themselves"),
    "unknown_role": _("There was no such role"),
    "no_role": _("No role was chosen"),
    "staff_changed": _("Somebody had changed the account in the meantime"),
    "already_colleague": _("The address belonged to a colleague already"),
    "already_invited": _("The address was invited already"),
    "sent_lately": _("The mail had been sent a moment before"),
    "has_account": _("The address had an account already"),
    "wrong_password": _("Address and password did not fit together"),
    "wrong_code": _("The code or passkey was wrong or used already"),
    "too_many_attempts": _("There had been too many attempts"),
    "inactive": _("The person may not sign in any more"),
    "identity_provider": _("The identity provider named nobody who may sign in"),
    "second_factor_needed": _("It was the last second factor of a person who needs one"),
    **{condition.code: condition.unmet_words for condition in CONDITIONS},
}


def reason_words(codes: Iterable[str]) -> list[str]:
    """What these codes say; one of a later version of the portal as it stands."""
    return [str(REASONS.get(code, code)) for code in codes]

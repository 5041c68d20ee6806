"""The upgrade on the pages: choose, review, submit; the receipt and its hand-over list."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.access import access
from partners.answers import answer
from partners.models import Staff
from partners.requests import StaffRequest
from partners.roles import Permission
from subscriptions.history import told_changes
from subscriptions.models import Subscription
from upgrades.consequences import consequences
from upgrades.errors import UpgradeRefused
from upgrades.explain import cards, explain_evidence
from upgrades.forms import UpgradeForm, UpgradeRequest
from upgrades.models import Upgrade
from upgrades.operations import tick_step, upgrade_subscription
from upgrades.price_changes import PriceChange, price_changes
from upgrades.receipts import as_json, described_steps
from upgrades.verdicts import Verdict, judge

STAGES = (gettext_lazy("Choose"), gettext_lazy("Review"), gettext_lazy("Receipt"))


def _subscription(staff: Staff, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> Subscription:
    visible = Subscription.objects.visible_to(staff).select_related("offer", "customer")
    found: Subscription = get_object_or_404(visible, pk=subscription_id, customer_id=customer_id)
    return found


def _verdicts(staff: Staff, subscription: Subscription) -> list[Verdict]:
    assert staff.partner is not None
    return judge([subscription], partner=staff.partner)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access(may=Permission.MANAGE_SUBSCRIPTIONS)
def upgrade_form(request: StaffRequest, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> HttpResponseBase:
    """GET: choose a target and a number of licences. POST: submit the reviewed upgrade."""
    if request.method == "POST":
        return _submit(request, customer_id, subscription_id)
    subscription = _subscription(request.user, customer_id, subscription_id)
    verdicts = _verdicts(request.user, subscription)
    if not verdicts:
        messages.info(request, _("%(offer)s has no upgrade paths.") % {"offer": subscription.offer.name})
        return redirect("desk:subscription_details", customer_id, subscription_id)
    return _choose(
        request,
        subscription,
        verdicts,
        UpgradeForm(verdicts=verdicts, initial=_initial(request, subscription, verdicts)),
    )


def _initial(request: StaffRequest, subscription: Subscription, verdicts: list[Verdict]) -> dict[str, Any]:
    """What the form opens with: today's number, and a target only where it was asked for or is the only one."""
    eligible = {str(verdict.path.target.pk) for verdict in verdicts if verdict.is_eligible}
    asked = request.GET.get("target", "")
    chosen = asked if asked in eligible else next(iter(eligible)) if len(eligible) == 1 else None
    quantity = request.GET.get("quantity", "")
    return {
        "target": chosen,
        "quantity": quantity if quantity.isdecimal() and len(quantity) < 9 else subscription.quantity,
        "key": str(uuid.uuid4()),
        "version": subscription.version,
    }


def _choose(
    request: StaffRequest,
    subscription: Subscription,
    verdicts: list[Verdict],
    form: UpgradeForm,
    *,
    status: int = 200,
    refusal: UpgradeRefused | None = None,
) -> HttpResponse:
    shown = cards(verdicts)
    context = {
        "subscription": subscription,
        "is_ours": subscription.reseller_of_record_id == request.user.partner_id,
        "customer": subscription.customer,
        "form": form,
        "chosen": str(form["target"].value() or ""),
        "eligible": [card for card in shown if card.verdict.is_eligible],
        "ineligible": [card for card in shown if not card.verdict.is_eligible],
        "changes": told_changes(refusal) if refusal else [],
        "last": subscription.upgrades.visible_to(request.user).first() if status != 200 else None,
        "stages": STAGES,
    }
    return answer(request, "upgrades/choose.html", context, status)


@never_cache
@require_safe
@access(may=Permission.MANAGE_SUBSCRIPTIONS)
def upgrade_review(request: StaffRequest, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> HttpResponseBase:
    """What the chosen upgrade will change, before anything does; its own address, safe to come back to."""
    subscription = _subscription(request.user, customer_id, subscription_id)
    verdicts = _verdicts(request.user, subscription)
    form = UpgradeForm(request.GET, verdicts=verdicts)
    if not form.is_valid():
        return _choose(request, subscription, verdicts, form)
    assert request.user.partner is not None
    verdict = next(one for one in verdicts if one.path is form.path)
    quantity = form.cleaned_data["quantity"]
    context = {
        "subscription": subscription,
        "customer": subscription.customer,
        "path": verdict.path,
        "quantity": quantity,
        "difference": quantity - subscription.quantity,
        "fewer": subscription.quantity - quantity,
        "price_changes": _price_changes(request.user, subscription, verdict, quantity),
        "consequences": consequences(verdict, partner=request.user.partner),
        "key": form.cleaned_data["key"],
        "version": form.cleaned_data["version"] or subscription.version,
        "now": timezone.now(),
        "stages": STAGES,
    }
    return render(request, "upgrades/review.html", context)


def _price_changes(staff: Staff, subscription: Subscription, verdict: Verdict, quantity: int) -> list[PriceChange]:
    """What the licences cost a month before and after, for those who may see prices."""
    if not staff.may(Permission.SEE_OFFERS):
        return []
    return price_changes(
        source=verdict.path.source,
        target=verdict.path.target,
        quantity_before=subscription.quantity,
        quantity_after=quantity,
        on=timezone.localdate(),
    )


def _submit(request: StaffRequest, customer_id: uuid.UUID, subscription_id: uuid.UUID) -> HttpResponseBase:
    asked = UpgradeRequest(request.POST)
    if not asked.is_valid():
        subscription = _subscription(request.user, customer_id, subscription_id)
        verdicts = _verdicts(request.user, subscription)
        return _choose(request, subscription, verdicts, UpgradeForm(request.POST, verdicts=verdicts), status=400)
    try:
        upgrade = upgrade_subscription(
            staff=request.user,
            subscription_id=subscription_id,
            customer_id=customer_id,
            target_id=asked.cleaned_data["target"],
            quantity=asked.cleaned_data["quantity"],
            key=asked.cleaned_data["key"],
            version=asked.cleaned_data["version"],
        )
    except UpgradeRefused as refusal:
        return _refused(request, refusal)
    return redirect("upgrades:receipt", upgrade.customer_id, upgrade.pk)


def _refused(request: StaffRequest, refusal: UpgradeRefused) -> HttpResponse:
    """The form again as things stand now, with what was typed, and why nothing was done."""
    match = request.resolver_match
    assert match is not None
    subscription = _subscription(request.user, match.kwargs["customer_id"], match.kwargs["subscription_id"])
    verdicts = _verdicts(request.user, subscription)
    fresh = {"key": str(uuid.uuid4()), "version": str(subscription.version)}
    form = UpgradeForm(request.POST.dict() | fresh, verdicts=verdicts)
    form.refuse(refusal.message)
    return _choose(request, subscription, verdicts, form, status=409, refusal=refusal)


@never_cache
@require_safe
@access(may=Permission.SEE_CUSTOMERS)
def receipt(request: StaffRequest, customer_id: uuid.UUID, upgrade_id: uuid.UUID) -> HttpResponse:
    """The proof of an upgrade and its hand-over list."""
    upgrade = _upgrade(request.user, customer_id, upgrade_id)
    context = {
        "upgrade": upgrade,
        "steps": described_steps(upgrade),
        "evidence": explain_evidence(upgrade.evidence),
        "may_tick": request.user.may(Permission.MANAGE_SUBSCRIPTIONS),
        "stages": STAGES,
    }
    return render(request, "upgrades/receipt.html", context)


def _upgrade(staff: Staff, customer_id: uuid.UUID, upgrade_id: uuid.UUID) -> Upgrade:
    found: Upgrade = get_object_or_404(Upgrade.objects.visible_to(staff), pk=upgrade_id, customer_id=customer_id)
    return found


@never_cache
@require_safe
@access(may=Permission.SEE_CUSTOMERS)
def receipt_json(request: StaffRequest, customer_id: uuid.UUID, upgrade_id: uuid.UUID) -> JsonResponse:
    """The receipt as a file for an auditor's own system."""
    upgrade = _upgrade(request.user, customer_id, upgrade_id)
    response = JsonResponse(as_json(upgrade), json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="upgrade-{upgrade.pk}.json"'
    return response


@never_cache
@require_POST
@access(may=Permission.MANAGE_SUBSCRIPTIONS)
def tick(request: StaffRequest, customer_id: uuid.UUID, upgrade_id: uuid.UUID, number: int) -> HttpResponseBase:
    """Tick a step of the hand-over list off, or take the tick back."""
    _upgrade(request.user, customer_id, upgrade_id)
    tick_step(staff=request.user, upgrade_id=upgrade_id, number=number, is_done=request.POST.get("done") == "1")
    return redirect(reverse("upgrades:receipt", args=[customer_id, upgrade_id]) + "#hand-over")

"""What a change of the catalogue does to live subscriptions and to the rules of upgrade paths."""

import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Max, Model, QuerySet
from django.dispatch import receiver
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.consequences import Consequence, Tell, change_begins, limits_checked
from catalog.models import Offer, Service
from catalog.words import listed
from subscriptions.models import Subscription
from upgrades.models import PathConflict, PathService, UpgradePath
from upgrades.reach import reach_of

Rule = tuple[type[Model], Any]
Rules = dict[uuid.UUID, set[Rule]]


@receiver(limits_checked)
def keep_live_subscriptions_within(sender: Any, *, offer: Offer, maximum_quantity: int, **kwargs: Any) -> None:
    """Refuse fewer licences than live subscriptions of the offer have."""
    over = Subscription.objects.live().filter(offer=offer, quantity__gt=maximum_quantity)
    count, largest = over.count(), over.aggregate(largest=Max("quantity"))["largest"]
    if count:
        words = ngettext(
            "%(count)s live subscription of this offer has more licences; the most that one has is %(largest)s.",
            "%(count)s live subscriptions of this offer have more licences; the most that one has is %(largest)s.",
            count,
        )
        raise ValidationError(words % {"count": number_format(count), "largest": number_format(largest)})


@receiver(change_begins)
def watch_offers(sender: Any, **kwargs: Any) -> Tell:
    """Whom it touches that an offer is withdrawn, is for sale again, or takes more licences at the least."""
    before = Offer.objects.in_bulk()

    def tell() -> Iterator[Consequence]:
        for offer in Offer.objects.filter(pk__in=before):
            old = before[offer.pk]
            if old.is_available != offer.is_available:
                yield from _availability(offer)
            if old.minimum_quantity < offer.minimum_quantity:
                yield from _minimum(offer)

    return tell


def _availability(offer: Offer) -> Iterator[Consequence]:
    live = Subscription.objects.live()
    own, source = live.filter(offer=offer), live.filter(offer__upgrade_paths__target=offer)
    if offer.is_available:
        yield _touching(_("Live subscriptions that can be upgraded to %(offer)s again") % {"offer": offer}, source)
        return
    words = _("Live subscriptions of %(offer)s: they stay as they are, and nobody can buy another") % {"offer": offer}
    yield _touching(words, own)
    yield _touching(_("Live subscriptions that lose %(offer)s as an upgrade target") % {"offer": offer}, source)


def _minimum(offer: Offer) -> Iterator[Consequence]:
    below = Subscription.objects.live().filter(offer=offer, quantity__lt=offer.minimum_quantity)
    words = _("Live subscriptions of %(offer)s with fewer than %(minimum)s licences: they stay as they are")
    consequence = _touching(words % {"offer": offer, "minimum": number_format(offer.minimum_quantity)}, below)
    if consequence.subscriptions:
        yield consequence


def _touching(words: str, subscriptions: QuerySet[Any]) -> Consequence:
    reach = reach_of(subscriptions)
    return Consequence(words, reach.subscriptions, reach.customers, reach.partners)


@receiver(change_begins)
def watch_rules(sender: Any, **kwargs: Any) -> Tell:
    """Which upgrade paths are judged by other rules afterwards, and how many live subscriptions have them."""
    before = _rules()

    def tell() -> Iterator[Consequence]:
        after = _rules()
        changed = [pk for pk in before.keys() & after.keys() if before[pk] != after[pk]]
        for path in UpgradePath.objects.filter(pk__in=changed).select_related("source", "target").order_by("id"):
            live = Subscription.objects.live().filter(offer=path.source)
            yield _touching(_rule_words(path, before[path.pk], after[path.pk]), live)

    return tell


def _rules() -> Rules:
    """For each path, the services that it needs privileges for and the offers that it conflicts with."""
    rules: Rules = {path_id: set() for path_id in UpgradePath.objects.values_list("pk", flat=True)}
    for path_id, service_id in PathService.objects.values_list("path_id", "service_id"):
        rules[path_id].add((Service, service_id))
    for path_id, offer_id in PathConflict.objects.values_list("path_id", "offer_id"):
        rules[path_id].add((Offer, offer_id))
    return rules


def _rule_words(path: UpgradePath, before: set[Rule], after: set[Rule]) -> str:
    sentences: dict[type[Model], tuple[str, str]] = {
        Service: (_("privileges needed as well: %(names)s"), _("privileges no longer needed: %(names)s")),
        Offer: (_("conflicts as well with %(names)s"), _("no longer conflicts with %(names)s")),
    }
    parts = []
    for model, (more, fewer) in sentences.items():
        for words, rules in ((more, after - before), (fewer, before - after)):
            if names := _names(model, rules):
                parts.append(words % {"names": listed(names)})
    return _("%(path)s is judged by other rules: %(changes)s") % {"path": path, "changes": _("; ").join(parts)}


def _names(model: type[Model], rules: Iterable[Rule]) -> list[str]:
    found = model._default_manager.filter(pk__in=[pk for of, pk in rules if of is model])
    return sorted(map(str, found))

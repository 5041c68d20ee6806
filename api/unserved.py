"""What the protocol knows and this portal does not serve (501), and what there is not at all (404)."""

import re

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from api.faults import NOTHING, UNSERVED, WireFault, fault_answer
from api.headers import asked_language
from partners.access import access

_SUBSCRIPTION = r"/customers/[^/]+/subscriptions/[^/]+"
# What the protocol has below a subscription, a customer and its root, with all that is below it in turn.
_OF_A_SUBSCRIPTION = (
    "activationlinks azureentitlements azureplan conversions registrations registrationstatus supportcontact "
    "transitioneligibilities transitions usagerecords utilizations"
).split()
_OF_A_CUSTOMER = (
    "accountbalance agreements analytics artifacts azureutilization batchjobstatus carts configurationpolicies "
    "deployments devicebatches devices directoryroles entitlements inventory invoices licenses migrations policies "
    "products productupgrades promotioneligibilities qualification qualifications relationships resources roles "
    "selfservepolicies servicecosts servicerequests skus subscribedservices subscribedskus transfers usagebudget "
    "usagerecords usagesummary users utilizations validationcodes"
).split()
_OF_THE_ROOT = (
    "agreementdocuments agreements agreementtemplates analytics billing carts compliance countryvalidationrules "
    "customerpartnerrelationships devicebatches devices directoryroles estimates extensions invoices licenses mfa "
    "migrations policies productpromotions products productupgrades ratecards reconciliation registration "
    "relationships roles selfservepolicies serviceareas serviceincidents servicerequests supporttopics usage "
    "usagerecords users utilizations webhooks"
).split()
# Methods (all, where none are named) and addresses of what is served later or never.
_TABLE = (
    ("PATCH DELETE", r"/customers/[^/]+"),
    ("PATCH", r"/customers/[^/]+/orders/[^/]+"),
    ("PUT", r"/profiles/(organization|legalbusiness|billing|support)"),
    ("", r"/auditrecords/[^/]+"),
    ("", r"/validations/address"),
    ("", rf"{_SUBSCRIPTION}/({'|'.join(_OF_A_SUBSCRIPTION)})(/.*)?"),
    ("", rf"/customers/[^/]+/({'|'.join(_OF_A_CUSTOMER)})(/.*)?"),
    ("", rf"/({'|'.join(_OF_THE_ROOT)})(/.*)?"),
)
_UNSERVED = [(frozenset(methods.split()), re.compile(pattern)) for methods, pattern in _TABLE]


def is_unserved(method: str, path: str) -> bool:
    """Whether the protocol knows this method at this path, which has no version, and this portal does not serve it."""
    return any((not methods or method in methods) and pattern.fullmatch(path) for methods, pattern in _UNSERVED)


@csrf_exempt
@access(public=True)
def unserved(request: HttpRequest, path: str = "") -> HttpResponse:
    """The answer where nothing else is: 501/900127, or 404/1000."""
    with translation.override(asked_language(request)):
        return fault_answer(WireFault(UNSERVED if is_unserved(request.method or "", f"/{path}") else NOTHING))

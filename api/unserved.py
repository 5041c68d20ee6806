"""What the protocol knows and this portal does not serve (501), and what there is not at all (404)."""

import re

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from api.faults import NOTHING, UNSERVED, WireFault, fault_answer
from api.headers import asked_language
from partners.access import access

_SUBSCRIPTION = r"/customers/[^/]+/subscriptions/[^/]+"
# Methods (all, where none are named) and addresses of what is served later or never.
_TABLE = (
    ("PATCH DELETE", r"/customers/[^/]+"),
    ("PATCH", r"/customers/[^/]+/orders/[^/]+"),
    ("", r"/customers/[^/]+/relationships(/partner)?"),
    ("", r"/relationships"),
    ("", r"/customerpartnerrelationships(/.*)?"),
    ("", r"/customers/[^/]+/qualifications?"),
    ("", r"/countryvalidationrules(/.*)?"),
    ("", r"/validations/address"),
    ("", rf"{_SUBSCRIPTION}/(conversions|supportcontact|registrations|registrationstatus|transition.*)"),
    ("", rf"{_SUBSCRIPTION}/(activationlinks|usagerecords|utilizations|azureentitlements|azureplan).*"),
    ("", r"/auditrecords/[^/]+"),
    ("PUT", r"/profiles/(organization|legalbusiness|billing|support)"),
    (
        "",
        r"/customers/[^/]+/(carts|products|productupgrades|skus|artifacts|entitlements|inventory|transfers"
        r"|agreements|users|directoryroles|subscribedskus|licenses|devicebatches|devices|policies|selfservepolicies"
        r"|batchjobstatus|servicecosts|servicerequests|usagesummary|usagebudget|usagerecords|subscribedservices"
        r"|accountbalance|migrations|invoices|analytics|deployments|resources|validationcodes|promotioneligibilities"
        r"|accountid)(/.*)?",
    ),
    (
        "",
        r"/(carts|products|productupgrades|productpromotions|extensions|selfservepolicies|agreements"
        r"|agreementtemplates|agreementdocuments|servicerequests|serviceincidents|serviceareas|supporttopics"
        r"|ratecards|usage.*|utilizations|analytics|invoices|estimates|webhooks|registration|compliance|users|roles"
        r"|directoryroles|licenses|devices|policies|billing|partners|migrations|reconciliation|mfa)(/.*)?",
    ),
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

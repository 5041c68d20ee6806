"""What goes wrong on the wire: the codes of the protocol, and what each refusal of an operation is in them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activity.errors import Refused
from api.shapes import WireOut

if TYPE_CHECKING:
    from api.calls import Call

SOURCE = "PartnerPortal"
JSON = "application/json; charset=utf-8"
LONGEST_DESCRIPTION = 1024


@dataclass(frozen=True)
class Code:
    """A status of HTTP and the protocol's own number."""

    status: int
    number: int


LICENCES_FIXED = Code(400, 2001)
QUANTITY = Code(400, 2002)
OTHER_OFFER = Code(400, 2006)
IS_DELETED = Code(400, 2011)
BILLING_CYCLE = Code(400, 2054)
STALE_BODY = Code(400, 2055)
MEMBER = Code(400, 3000)
REGISTRATION_NUMBER = Code(400, 600002)
UNREADABLE = Code(400, 800002)
UNKNOWN_OFFER = Code(400, 800004)
ADD_ON = Code(400, 800029)
LINE_NUMBERS = Code(400, 800071)
RENEWAL = Code(400, 800093)
STATUS_CHANGE = Code(400, 800096)
PARTNER_ON_RECORD = Code(400, 800098)
ENUMERATION = Code(400, 900126)
BAD_TOKEN = Code(401, 400)
NO_TOKEN = Code(401, 800001)
CONFLICTING = Code(403, 2085)
NO_LONGER_SOLD = Code(403, 2091)
NOT_ALLOWED = Code(403, 20002)
ROLE = Code(403, 900150)
NOTHING = Code(404, 1000)
NO_MPN = Code(404, 3000)
NO_ORDER = Code(404, 20000)
NO_SUBSCRIPTION = Code(404, 20003)
NO_CUSTOMER = Code(404, 60003)
METHOD = Code(405, 1000)
NOT_ACCEPTABLE = Code(406, 800002)
DOMAIN = Code(409, 3000)
PARENT = Code(409, 27009)
REUSED = Code(409, 800002)
BUSY = Code(409, 800060)
STALE_HEADER = Code(412, 2055)
TOO_LARGE = Code(413, 800002)
MEDIA = Code(415, 800002)
TOO_MANY = Code(429, 429)
BROKEN = Code(500, 800003)
UNSERVED = Code(501, 900127)
OUT = Code(503, 800003)

_STALE = gettext_lazy("The resource was changed meanwhile: its ETag is out of date. Get it again.")
# What is said where nothing more exact is.
SENTENCES: dict[Code, Promise] = {
    LICENCES_FIXED: gettext_lazy("The quantity of this subscription cannot be changed now."),
    QUANTITY: gettext_lazy("The quantity is outside the limits of the offer."),
    OTHER_OFFER: gettext_lazy("The offer of a subscription cannot be changed here; upgrade it or place an order."),
    IS_DELETED: gettext_lazy("The subscription is deleted and cannot be changed."),
    BILLING_CYCLE: gettext_lazy("The billing cycle of a subscription cannot be changed."),
    STALE_BODY: _STALE,
    MEMBER: gettext_lazy("The request is not valid."),
    REGISTRATION_NUMBER: gettext_lazy("Organizations of this country have no registration number."),
    UNREADABLE: gettext_lazy("The request could not be read."),
    UNKNOWN_OFFER: gettext_lazy("There is no such offer."),
    ADD_ON: gettext_lazy("The add-on does not belong to its parent."),
    LINE_NUMBERS: gettext_lazy("The line items are not numbered from 0 upwards, each number once."),
    RENEWAL: gettext_lazy("This subscription cannot be renewed automatically."),
    STATUS_CHANGE: gettext_lazy("The subscription cannot take this status now."),
    PARTNER_ON_RECORD: gettext_lazy("The partner on record of a subscription cannot be changed."),
    ENUMERATION: gettext_lazy("A value is none of those that are known."),
    BAD_TOKEN: gettext_lazy("Access denied: the token is unknown, expired or revoked."),
    NO_TOKEN: gettext_lazy("The request carries no access token."),
    CONFLICTING: gettext_lazy("The offer conflicts with a subscription of the customer."),
    NO_LONGER_SOLD: gettext_lazy("The offer is no longer sold."),
    NOT_ALLOWED: gettext_lazy("Your organization may see this but not change it."),
    ROLE: gettext_lazy("None of the roles of this token allows this."),
    NOTHING: gettext_lazy("There is nothing at this address."),
    NO_MPN: gettext_lazy("No partner has this MPN ID."),
    NO_ORDER: gettext_lazy("There is no such order."),
    NO_SUBSCRIPTION: gettext_lazy("There is no such subscription."),
    NO_CUSTOMER: gettext_lazy("There is no such customer."),
    METHOD: gettext_lazy("This address does not take this method."),
    NOT_ACCEPTABLE: gettext_lazy("Answers are JSON; the request asks for something else."),
    DOMAIN: gettext_lazy("The domain is already in use."),
    PARENT: gettext_lazy("The subscription to which this add-on belongs is not active."),
    REUSED: gettext_lazy("The request id was already used with other content."),
    BUSY: gettext_lazy("Somebody else's change is still under way. Try again in a moment."),
    STALE_HEADER: _STALE,
    TOO_LARGE: gettext_lazy("The body is too large."),
    MEDIA: gettext_lazy("The body has to be application/json in UTF-8."),
    TOO_MANY: gettext_lazy("Rate limit is exceeded."),
    BROKEN: gettext_lazy("Something went wrong on our side."),
    UNSERVED: gettext_lazy("This portal does not serve this operation."),
    OUT: gettext_lazy("The portal is out of service for a moment. Try again shortly."),
}
# What is said of an id that leads nowhere.
NOT_FOUND: dict[Code, Promise] = {
    NOTHING: gettext_lazy("Nothing with id %(id)s found."),
    NO_ORDER: gettext_lazy("Order with id %(id)s not found."),
    NO_SUBSCRIPTION: gettext_lazy("Subscription with id %(id)s not found."),
    NO_CUSTOMER: gettext_lazy("Customer with id %(id)s not found."),
}
LONGEST_ID = 64


class WireFault(Exception):
    """An answer that is no success: its code, a sentence (that of the code, if none is given), and more to it."""

    def __init__(
        self,
        code: Code,
        description: str = "",
        *,
        data: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code, description)
        self.code = code
        self.description = description or str(SENTENCES[code])
        self.data = list(data)
        self.headers = dict(headers or {})


class FaultOut(WireOut):
    """What every answer that is no success says."""

    code: int
    description: str
    data: list[str]
    source: str = SOURCE


def missing(code: Code, text: str) -> WireFault:
    """The fault of an id that leads to nothing; `code` says of what kind it would be."""
    return WireFault(code, NOT_FOUND[code] % {"id": text[:LONGEST_ID]})


def fault_answer(fault: WireFault) -> HttpResponse:
    """A fault as an answer."""
    said: dict[str, object] = {}
    description = fault.description[:LONGEST_DESCRIPTION]
    if fault.code.status == TOO_MANY.status:
        # The pages on throttling show another body than those on errors: both are in it.
        said |= {"statusCode": fault.code.status, "message": description}
    said |= FaultOut(code=fault.code.number, description=description, data=fault.data).model_dump(by_alias=True)
    content = json.dumps(said, ensure_ascii=False)
    return HttpResponse(content, status=fault.code.status, content_type=JSON, headers=fault.headers)


Telling = Callable[[Refused, "Call"], WireFault]
Told = TypeVar("Told", bound=Callable[..., WireFault])
_tellings: dict[type[Refused], Telling] = {}


def refused(*kinds: type[Refused]) -> Callable[[Told], Told]:
    """Say what refusals of these kinds, and of kinds built on them, are on the wire: `(refusal, call) -> WireFault`."""

    def register(telling: Told) -> Told:
        for kind in kinds:
            _tellings[kind] = telling
        return telling

    return register


def fault_of(refusal: Refused, call: "Call") -> WireFault:
    """What this refusal is on the wire: 400/3000 with its sentence, if nothing else was said of its kind."""
    for kind in type(refusal).__mro__:
        if kind in _tellings:
            return _tellings[kind](refusal, call)
    return WireFault(MEMBER, str(refusal))


def members_fault(data: Sequence[str], *, code: Code = MEMBER) -> WireFault:
    """400/3000 that names what is wrong with which member: `lineItems[0].quantity: must be a whole number`."""
    description = _("The request is not valid: %(first)s") % {"first": data[0]} if data else ""
    return WireFault(code, description, data=data)


def members_refused(error: ValidationError, names: Mapping[str, str]) -> WireFault:
    """400/3000 for what a model or form refuses; `names` are the wire's paths of its fields."""
    if not hasattr(error, "error_dict"):
        return WireFault(MEMBER, " ".join(error.messages))
    data = []
    for field, errors in error.message_dict.items():
        path = "" if field == NON_FIELD_ERRORS else f"{names.get(field, field)}: "
        data += [f"{path}{sentence}" for sentence in errors]
    return members_fault(data)

"""What the administration of a service means, in the plain words that a customer decides by."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MEANINGS: dict[str, Promise] = {
    "exchange": _("Set up mailboxes, mail rules and e-mail addresses of your people, and look into mail delivery."),
    "sharepoint": _("Set up your company's sites, and who of your people may open them."),
    "onedrive": _("Set up your people's file storage: its size, and with whom files may be shared."),
    "skype": _("Set up meetings, calls and messages of your people."),
    "office-web": _("Decide who of your people may use Office in the browser, and how."),
    "office-mobile": _("Decide who of your people may use Office on telephones and tablets, and how."),
    "office-desktop": _("Decide which version of Office is installed on your people's computers, and for whom."),
    "information-protection": _("Set up which documents are encrypted, and who can read them."),
    "bookings": _("Set up your appointment calendars and who may book them."),
}
ANY_SERVICE = _("Change how this service is set up for your company and your people.")


def meaning_of(code: str) -> Promise:
    """What the administration of the service with this code means; of one without words of its own, in general."""
    return MEANINGS.get(code, ANY_SERVICE)

"""How much one may ask for in a minute, counted where all processes of the portal see it."""

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from api.faults import TOO_MANY, WireFault
from api.models import RequestCount
from partners.models import ApiClient

MINUTE = 60


def count(client: ApiClient, *, is_write: bool) -> None:
    """Count one more request of this client. Raises `WireFault` (429) where it has had its share of this minute."""
    kind, most = ("write", settings.API_WRITES_PER_MINUTE) if is_write else ("read", settings.API_READS_PER_MINUTE)
    wait = seconds_to_wait(str(client.pk), kind=kind, most=most)
    if wait:
        raise WireFault(
            TOO_MANY,
            _("Rate limit is exceeded. Try again in %(seconds)s seconds.") % {"seconds": wait},
            headers={"Retry-After": str(wait)},
        )


def seconds_to_wait(who: str, *, kind: str, most: int) -> int:
    """Count one more request of this kind; 0 where it is within the limit, else the seconds to the next minute."""
    now = int(timezone.now().timestamp())
    if RequestCount.once_more(client=who, kind=kind, minute=now // MINUTE) <= most:
        return 0
    return MINUTE - now % MINUTE

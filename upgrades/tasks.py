"""What the worker does for this room; each task may run twice, late, or be killed in the middle."""

import uuid

from django.tasks import task

from upgrades.watching import look_at_customer, sweep


@task()
def look_at_watches(customer_id: str) -> None:
    """Tell who waits for an upgrade of this customer that has become possible."""
    look_at_customer(uuid.UUID(customer_id))


@task()
def look_at_all_watches() -> None:
    """The same for all customers, after what concerns many of them."""
    sweep()

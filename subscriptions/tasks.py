"""What the worker does for this room; each task may run twice, late, or be killed in the middle."""

import uuid

from django.tasks import task

from subscriptions.provisioning import provision_due_lines


@task()
def provision_order(order_id: str) -> None:
    """Provision what is due of this order."""
    provision_due_lines(order_id=uuid.UUID(order_id))

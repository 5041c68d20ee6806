"""On the wire: subscriptions."""

from ninja import Router

router = Router()

"""On the wire: audit records."""

from ninja import Router

router = Router()

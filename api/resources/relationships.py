"""On the wire: relationships of a partner to customers."""

from ninja import Router

router = Router()

"""The resources of the API: one module each, with a router of its own."""

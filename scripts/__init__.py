"""What the Makefile calls, and tools for those who develop the portal."""

"""Measures the portal against what `README.md` in this folder says; `make bench` runs it."""

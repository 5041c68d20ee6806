"""The demo: two partners, their people and some eighty customers, with the same ids on every machine.

Days count back from the day on which the demo is loaded, so that a suspension always has its days left.
"""

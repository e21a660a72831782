"""Feedback: SQL models that read what an ML model told which learns from them, and how long before.

A circle may stand where each way round it passes a comparison in time: what is read was told before
the time of the row.
"""

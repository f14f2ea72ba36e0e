"""Repeatable measurements of amlkeys against references, as ratios taken in one run; nothing here is a test."""

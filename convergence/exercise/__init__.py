"""Exercises with fresh numbers: question, hints, derived answer, and a checker that knows the usual conventions."""

"""Diagnosis of a setting on data or a spectrum, and of a logged run."""

"""Evidence: claims of theory held against runs on data and against the literature, with controls that must fail.

If theory and run read the same rule, they agree even when the rule is wrong; so ``literature`` is data that theory
may not import, and each kind of check is also made with a deliberate fault.
"""

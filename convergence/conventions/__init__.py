"""Conventions: equivalence of methods, and the hyperparameters with which one does what another does, or a library.

Two linear methods are one exactly where their transfer functions agree (``response``). Settings are matched by
elimination (``matching``, ``solving``); where the spectrum agrees and iterates do not, the reasons are said
(``flags``). Of other methods the steps are matched as formulas (``nonlinear``, ``same_step``).
"""

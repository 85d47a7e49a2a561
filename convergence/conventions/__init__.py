"""Conventions: equivalence of methods, and the hyperparameters with which one does what another does, or a library."""

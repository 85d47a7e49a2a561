"""Claims go in; proofs that a sceptic can recheck, or counterexamples, come out: exact and ball arithmetic only."""

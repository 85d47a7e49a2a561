"""Theory and runs go in; checks come out: what was predicted, what was observed, and whether they agree."""

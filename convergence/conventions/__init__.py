"""Two methods, or the names that libraries give them, go in; the map between their hyperparameters comes out."""

"""The course: the audit of its notes and of papers, and the model solution to its homework; a client of all the rest."""

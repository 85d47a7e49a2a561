"""Claims of course notes and papers, as data with their sources, and the verdict that a machine gives on each."""

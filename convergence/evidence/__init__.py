"""Evidence: claims of theory held against runs on data and against the literature, with controls that must fail."""

"""The homework as a document; what is left of the old pipeline until its pages are templates."""

"""Code from theorems: results as self-contained functions in other languages, each with a self-test."""

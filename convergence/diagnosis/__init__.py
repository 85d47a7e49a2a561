"""Data, a spectrum or a logged run goes in; what is wrong with it, and what to set instead, comes out."""

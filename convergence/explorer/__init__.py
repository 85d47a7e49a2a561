"""The explorer: a page on which a person moves a method over its map of rates, computed from the derived formulas."""

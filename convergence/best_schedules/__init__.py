"""Which schedule is best for a problem and its noise, and what the usual ones leave on the table."""

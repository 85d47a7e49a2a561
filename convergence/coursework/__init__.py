"""The homework of the course notes: questions go in, an answer sheet whose formulas are derived in the run comes out."""

"""What the homework's figures still draw with."""

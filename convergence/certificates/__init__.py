"""Certificates: claims about a method for all curvatures, their proofs, and a checker that trusts none of them."""

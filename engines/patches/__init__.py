"""Filling holes with patches of the same picture: everything that the exemplar engine computes, on torch."""

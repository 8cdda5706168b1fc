"""How good an erased picture is: distances to a truth, and what can still be read. No torch, no files."""

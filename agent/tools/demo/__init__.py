"""`paikou demo`: the whole job in one process tree, with nothing to install."""

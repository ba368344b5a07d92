"""`paikou recompute`: an inspector's recalculation, by the functions of the daemon itself."""

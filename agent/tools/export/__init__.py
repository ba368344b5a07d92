"""`paikou export`: what the store holds of an interval, as a file for people and programs."""

"""`paikou evidence`: everything that is known of an interval, signed, in one file."""

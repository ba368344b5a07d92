"""`paikou hj212`: frames to JSON and back."""

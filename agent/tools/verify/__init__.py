"""`paikou verify`: checks a store or an evidence bundle offline."""

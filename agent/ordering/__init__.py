"""Orders of platforms on the topic `order`: JSON beside HJ 212, by a table of kinds."""

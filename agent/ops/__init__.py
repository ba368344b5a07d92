"""The contractor's own server (`type: ops`): it may look, and nothing else. No data goes there."""

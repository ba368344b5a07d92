"""The station's sequence where the agent leads it: fill, supply, start, judge, keep or drain."""

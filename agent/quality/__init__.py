"""What an instrument said, judged: pure functions from readings to samples and measurements."""

"""Commands beside the daemon: demo, simulate, platform, probe. Never imported by `app`."""

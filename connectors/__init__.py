"""The outside world: one file per vendor, found by its name (`kind:` in the configuration)."""

"""The peak memory of a pull does not grow with the profiles: the short form, 5,000 against 50,000."""

from tests.bench import pull_memory

KEPT = 45_000 * 900 / 1024 / 1024
"""MiB that the further records would take if Python held them."""


def test_ten_times_the_profiles_need_nearly_the_same_memory() -> None:
    """A generous bound: up to one row group is in memory at once, and neither count fills one; an allocator's
    habits move a peak by tens of MiB, so nothing finer than these ratios is held here (the full run says more)."""
    small, large = pull_memory.main(["--small", "5000", "--large", "50000"])
    assert large.landed - small.landed < KEPT / 2
    assert large.own < 2 * small.own

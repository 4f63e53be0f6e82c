"""A list that is walked by offset, and one record of it that is odd."""

from typing import Any

import pytest

from connectors._offset_list import OffsetList
from connectors.base import Evidence, VendorError


@pytest.mark.parametrize("odd", [{"id": {"n": 1}}, {"id": None}, {"id": 1.5}, {"id": "b", "stamp": "\ud800"}])
def test_one_odd_record_is_handed_on_to_be_set_apart_and_ends_no_list(odd: dict[str, Any]) -> None:
    """G11, G1: landing quarantines it, or counts an id that cannot be read; the list is read to its end."""
    rows = [{"id": "a", "stamp": "1"}, odd, {"id": "c", "stamp": "3"}]
    evidence = Evidence()
    listed = OffsetList("it", lambda asked: (rows, len(rows)), dict, lambda row: str(row.get("stamp")))
    read = [record for page in listed.pages(evidence) for record in page.records]
    assert (read, evidence.end_mark, evidence.pages_contiguous) == (rows, True, True)


def test_a_page_that_comes_again_and_again_ends_as_an_error_and_not_as_a_loop() -> None:
    rows = [{"id": "a"}, {"id": "b"}]
    listed = OffsetList("it", lambda asked: (rows, 10**9), dict, str)
    with pytest.raises(VendorError, match="it: the list repeats itself"):
        list(listed.pages(Evidence()))

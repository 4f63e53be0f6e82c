"""A customer list in a file with no vendor behind it that rollcall could speak to: `driver: files` only.

The file's own headings are mapped under `columns:` where they differ from the canonical ones.
"""

from typing import ClassVar

from connectors.file_source import FileConnector


class Table(FileConnector):
    """One CSV or XLSX file."""

    kind: ClassVar[str] = "table"

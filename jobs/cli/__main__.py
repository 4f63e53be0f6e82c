"""`python -m jobs.cli`."""

from jobs.cli import main

main()

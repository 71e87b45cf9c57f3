"""``python -m shouwang``: the command line, for processes that start their own kind."""

from shouwang.cli import main

main()

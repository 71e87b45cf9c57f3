"""Foreign code and foreign protocols."""

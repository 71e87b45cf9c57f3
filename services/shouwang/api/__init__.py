"""The window: HTTP for people and machines. The only room with FastAPI."""

"""The state database, the one truth. The only room with SQLAlchemy."""

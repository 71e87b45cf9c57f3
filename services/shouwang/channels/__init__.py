"""Ways to reach a person, all one shape."""

"""Printed matter: what people take in their hands."""

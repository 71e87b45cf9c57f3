"""Files that people write: profiles, rules, policies, communities."""

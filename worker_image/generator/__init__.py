"""A dataset specification becomes documents of related records."""

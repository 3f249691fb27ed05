"""Durable orchestrations as the Durable Functions extension runs them, kept in SQLite."""

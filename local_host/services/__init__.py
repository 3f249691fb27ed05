"""The real services of one machine: Azurite and PostgreSQL."""

"""The app as it is deployed, under Microsoft's own worker library for Python."""

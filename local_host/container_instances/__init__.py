"""A stand-in for Azure Container Instances that starts real processes."""

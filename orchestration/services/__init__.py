"""The Azure services that the control plane drives, each through its real SDK."""

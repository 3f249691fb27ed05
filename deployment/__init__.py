"""What brings the function app to Azure: its deployment package."""

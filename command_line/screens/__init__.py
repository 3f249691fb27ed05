"""What people see: each screen is made of the API's answers alone, and nothing is asked for it."""

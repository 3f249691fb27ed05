"""What the HTTP API answers: values, which its OpenAPI document describes, and how they are made.

All of it is pure.
"""

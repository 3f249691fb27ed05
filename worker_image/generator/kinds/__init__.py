"""The kinds of fields. A kind is one class: what its author may write, and how it is built."""

"""What is checked of tables as a whole, counted of what is left out, and asked of a person."""

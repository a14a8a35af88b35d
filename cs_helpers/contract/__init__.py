"""What the tables, the products and the parameters must hold."""

"""Methods of statistics: numbers and plain tables in, numbers out. They know no product and no snapshot."""

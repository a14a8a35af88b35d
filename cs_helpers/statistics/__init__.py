"""Statistical methods on arrays and plain tables, independent of products and snapshots."""

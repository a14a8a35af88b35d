"""The journey of customers: the steps they reached, their waits, and their uses of contents and tools."""

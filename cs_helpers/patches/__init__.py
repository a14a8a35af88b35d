"""What this package changes in other libraries: one module a library, held to the versions it was tested with."""

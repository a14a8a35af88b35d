"""What leadership may read of a result: names under cover, small numbers hidden, columns by what is declared."""

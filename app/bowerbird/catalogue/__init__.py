"""The catalogue: the data of a library, and every SQL statement of the program."""

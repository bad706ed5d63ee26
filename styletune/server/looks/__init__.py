"""The gallery: the looks there are, a picture painted by one of them, and one that is learned."""

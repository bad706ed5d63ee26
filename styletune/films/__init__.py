"""Films: their pictures with times, their sound."""

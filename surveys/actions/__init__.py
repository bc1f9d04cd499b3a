"""Everything that changes the surveys room, a module per matter."""

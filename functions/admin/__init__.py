"""What operators ask for, where the database is private."""

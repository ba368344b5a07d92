"""One SQLite file, one writer. A thing is a row here before it is an act anywhere else."""

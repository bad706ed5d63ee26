"""Who gets in: tokens, cookies, roles, origins and the answers to everybody else."""

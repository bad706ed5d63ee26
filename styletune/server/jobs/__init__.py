"""What the server does beside the playing: one process at low priority for each kind of job."""

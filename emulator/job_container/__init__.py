"""What runs in the process of a training or processing job before the user's program does."""

"""What a new project starts from: the files below `files/`, with its name and region filled in."""

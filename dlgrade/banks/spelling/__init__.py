"""Lost spaces: which words there are, and where a run of letters is to be parted."""

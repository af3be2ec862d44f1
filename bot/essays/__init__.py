"""What an essay is: how it is asked for, whose turn it is, how it is written, ended and parted."""

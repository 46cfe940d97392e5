"""What the clinic talks about: values and rules that know no file, window or network."""

"""Shows one fundus photograph, with the place of a finding's evidence laid over it."""

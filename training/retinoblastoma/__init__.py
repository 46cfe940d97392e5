"""The demonstration of retinoblastoma: few photographs, so every step is made to be judged."""

"""Text in every script: direction, fonts, shaping, lines, and glyphs in the PDF."""

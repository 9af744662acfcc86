"""The page's picture drawn by Matplotlib: for print, and where no kernel runs."""

"""The scenarios an organization keeps: versions, files, and what is asked of them."""

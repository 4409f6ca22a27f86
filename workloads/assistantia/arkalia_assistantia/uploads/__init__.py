"""Files that users upload: kept for whoever did, and read along with a question that names them."""

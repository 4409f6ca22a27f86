"""What every Arkalia service would otherwise repeat."""

"""A strict double of UploadThing, and its official package to compare with."""

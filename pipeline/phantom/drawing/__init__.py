"""A phantom scene drawn into pixels."""

-- A function that is not there cannot be described.
DESCRIBE FUNCTION nope;

-- Nor can a temporary one.
DROP TEMPORARY FUNCTION f;

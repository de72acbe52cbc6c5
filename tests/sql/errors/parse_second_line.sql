-- The position of a parse error counts lines.
SELECT
  1 AS a,
  2 AS AS b;

-- Comments, semicolons in strings, and quoted names with semicolons.
SELECT 'a;b' AS `x;y`; -- a comment; with a semicolon
/* another; comment
   over lines */
SELECT 'it''s; --no comment' AS s, /* inline; */ 2 AS n;
-- the last one has no semicolon
SELECT 3 AS three

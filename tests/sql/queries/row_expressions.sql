-- Comparing rows field by field.
SELECT id FROM (VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'a')) AS t (id, x, y) WHERE (x, y) = (1, 'b');
SELECT id FROM (VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'a')) AS t (id, x, y) WHERE (x, y) IN ((1, 'a'), (2, 'a'));

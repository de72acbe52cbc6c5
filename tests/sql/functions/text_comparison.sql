-- Texts compare by code point, and CHAR is not padded.
SELECT id, a < b AS lt, a = b AS eq, a >= b AS ge
FROM (VALUES (1, 'a', 'B'), (2, 'a', 'a '), (3, '', 'a'), (4, 'é', 'z'), (5, '😀', '�'), (6, 'a', CAST(NULL AS STRING))) AS t (id, a, b);

-- TO_DATE reads texts; what it cannot read is NULL.
SELECT id, TO_DATE(s) AS d
FROM (VALUES (1, '2024-02-29'), (2, '2023-02-29'), (3, '2024-02-29 13:45:59'), (4, ''), (5, 'abc'), (6, '2024-2-9'), (7, CAST(NULL AS STRING)), (8, '0001-01-01'), (9, '9999-12-31'), (10, '2024'), (11, '2024-02')) AS t (id, s);
SELECT TO_DATE('29.02.2024', 'dd.MM.yyyy'), TO_DATE('2024-02-29', 'dd.MM.yyyy'), TO_DATE('20240229', 'yyyyMMdd');

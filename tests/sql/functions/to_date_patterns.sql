-- TO_DATE with patterns.
SELECT id, TO_DATE(s, p) AS d FROM (VALUES (1, '29.02.2024', 'dd.MM.yyyy'), (2, '20240229', 'yyyyMMdd'), (3, '2024/03/01', 'yyyy/MM/dd'), (4, CAST(NULL AS STRING), 'yyyy'), (5, '2024', 'yyyy'), (6, '2024-06', 'yyyy-MM')) AS t (id, s, p);

-- The columns of UNNEST come last.
CREATE TABLE carts (id INT, items ARRAY<STRING>, prices MAP<STRING, DECIMAL(10, 2)>, lines ARRAY<ROW<item STRING, n INT>>, nested ARRAY<ARRAY<INT>>)
WITH ('connector' = 'filesystem', 'path' = '${data}/carts.json', 'format' = 'json');

SELECT * FROM (SELECT id, items FROM carts) CROSS JOIN UNNEST(items) AS t(x);

SELECT t.* FROM carts CROSS JOIN UNNEST(lines) AS t;

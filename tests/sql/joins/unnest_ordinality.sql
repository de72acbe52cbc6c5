-- WITH ORDINALITY numbers the elements.
CREATE TABLE carts (id INT, items ARRAY<STRING>, prices MAP<STRING, DECIMAL(10, 2)>, lines ARRAY<ROW<item STRING, n INT>>, nested ARRAY<ARRAY<INT>>)
WITH ('connector' = 'filesystem', 'path' = '${data}/carts.json', 'format' = 'json');

SELECT id, x, n FROM carts CROSS JOIN UNNEST(items) WITH ORDINALITY AS t(x, n);

SELECT id, k, v, n FROM carts CROSS JOIN UNNEST(prices) WITH ORDINALITY AS t(k, v, n) WHERE id = 4;

SELECT id, x, n FROM carts LEFT JOIN UNNEST(items) WITH ORDINALITY AS t(x, n) ON TRUE;

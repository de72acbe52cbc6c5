-- UNNEST gives the keys and values of maps.
CREATE TABLE carts (id INT, items ARRAY<STRING>, prices MAP<STRING, DECIMAL(10, 2)>, lines ARRAY<ROW<item STRING, n INT>>, nested ARRAY<ARRAY<INT>>)
WITH ('connector' = 'filesystem', 'path' = '${data}/carts.json', 'format' = 'json');

SELECT id, k, v FROM carts CROSS JOIN UNNEST(prices) AS t(k, v);

SELECT id, k, v FROM carts LEFT JOIN UNNEST(prices) AS t(k, v) ON TRUE;

SELECT id, k FROM carts CROSS JOIN UNNEST(prices) AS t(k, v) WHERE v > 2;

-- UNNEST gives a row for each element of an array.
CREATE TABLE carts (id INT, items ARRAY<STRING>, prices MAP<STRING, DECIMAL(10, 2)>, lines ARRAY<ROW<item STRING, n INT>>, nested ARRAY<ARRAY<INT>>)
WITH ('connector' = 'filesystem', 'path' = '${data}/carts.json', 'format' = 'json');

SELECT id, x FROM carts CROSS JOIN UNNEST(items) AS t(x);

SELECT c.id, t.x FROM carts c, UNNEST(c.items) AS t(x) WHERE t.x <> 'pen';

SELECT id, x FROM carts LEFT JOIN UNNEST(items) AS t(x) ON TRUE;

SELECT id, item, n FROM carts CROSS JOIN UNNEST(lines);

SELECT id, l.what, l.many FROM carts CROSS JOIN UNNEST(lines) AS l(what, many);

SELECT id, a FROM carts CROSS JOIN UNNEST(nested) AS t(a);

SELECT id, x FROM carts CROSS JOIN UNNEST(nested) AS t(a) CROSS JOIN UNNEST(t.a) AS s(x);

SELECT id, n FROM carts CROSS JOIN UNNEST(ARRAY[id, id * 10]) AS t(n);

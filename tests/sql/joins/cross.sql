-- A cross join, and tables with a comma between them.
CREATE TABLE customers (id INT, name STRING, city STRING, `limit` INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/customers.json', 'format' = 'json');

CREATE TABLE orders (id INT, customer BIGINT, item STRING, price DECIMAL(10, 2), city STRING, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

CREATE TABLE items (item STRING, kind INT, weight INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/items.json', 'format' = 'json');

SELECT c.name, i.item FROM customers c CROSS JOIN items i WHERE i.kind > 1;

SELECT c.name, o.id FROM customers c, orders o WHERE c.id = o.customer;

SELECT c.name, o.id, i.weight FROM customers c, orders o, items i WHERE c.id = o.customer AND o.item = i.item AND i.weight < 50;

SELECT i.item, j.item AS other FROM items i, items AS j WHERE i.weight < j.weight;

SELECT i.item FROM items i, orders o WHERE FALSE;

SELECT i.item, n FROM items i CROSS JOIN (VALUES (1), (2)) AS t(n) WHERE i.kind = n;

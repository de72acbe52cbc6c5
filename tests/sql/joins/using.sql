-- USING and NATURAL join by columns of the same name, which come first in a star.
CREATE TABLE customers (id INT, name STRING, city STRING, `limit` INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/customers.json', 'format' = 'json');

CREATE TABLE orders (id INT, customer BIGINT, item STRING, price DECIMAL(10, 2), city STRING, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

CREATE TABLE items (item STRING, kind INT, weight INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/items.json', 'format' = 'json');

SELECT * FROM orders JOIN items USING (item);

SELECT item, id, weight FROM orders LEFT JOIN items USING (item);

SELECT item FROM orders FULL JOIN items USING (item);

SELECT * FROM customers c JOIN orders o USING (id, city);

SELECT * FROM orders NATURAL JOIN items;

SELECT id, weight FROM orders NATURAL LEFT JOIN items;

SELECT i.*, o.id FROM orders o JOIN items i USING (item);

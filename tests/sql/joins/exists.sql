-- EXISTS and NOT EXISTS, with and without reference to the row around.
CREATE TABLE customers (id INT, name STRING, city STRING, `limit` INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/customers.json', 'format' = 'json');

CREATE TABLE orders (id INT, customer BIGINT, item STRING, price DECIMAL(10, 2), city STRING, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

CREATE TABLE items (item STRING, kind INT, weight INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/items.json', 'format' = 'json');

SELECT c.name FROM customers c WHERE EXISTS (SELECT * FROM orders o WHERE o.customer = c.id);

SELECT c.name FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer = c.id);

SELECT c.name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer = c.id AND o.price > c.`limit`);

SELECT c.name FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer = c.id AND o.price > c.`limit`);

SELECT c.name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.city = c.city AND o.item = 'ink');

SELECT c.name FROM customers c WHERE EXISTS (SELECT 1 FROM items WHERE kind = 9);

SELECT c.name FROM customers c WHERE EXISTS (SELECT 1 FROM items WHERE kind = 10);

SELECT c.name FROM customers c WHERE NOT EXISTS (SELECT 1 FROM items WHERE kind = 10);

SELECT c.name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o JOIN items i ON o.item = i.item WHERE o.customer = c.id AND i.weight > 20);

SELECT c.name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer = c.id) AND NOT EXISTS (SELECT 1 FROM items i WHERE i.kind = c.id) AND c.city = 'Oslo';

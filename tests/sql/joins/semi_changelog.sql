-- Semi and anti joins over inputs that change.
CREATE TABLE customers (id INT, name STRING, city STRING, `limit` INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/customers.json', 'format' = 'json');

CREATE TABLE orders (id INT, customer BIGINT, item STRING, price DECIMAL(10, 2), city STRING, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

CREATE TABLE items (item STRING, kind INT, weight INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/items.json', 'format' = 'json');

SELECT name FROM customers WHERE id IN (SELECT customer FROM orders GROUP BY customer HAVING COUNT(*) = 2);

SELECT name FROM customers WHERE id IN (SELECT COUNT(*) FROM orders GROUP BY customer);

SELECT item, n FROM (SELECT item, COUNT(*) AS n FROM orders GROUP BY item) WHERE n IN (SELECT kind FROM items);

SELECT item, n FROM (SELECT item, COUNT(*) AS n FROM orders GROUP BY item) g WHERE NOT EXISTS (SELECT 1 FROM items i WHERE i.kind = g.n);

SELECT c.name FROM customers c WHERE NOT EXISTS (SELECT 1 FROM (SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer) g WHERE g.customer = c.id AND g.n <> 2);

SELECT item, n FROM (SELECT item, COUNT(*) AS n FROM orders GROUP BY item) g WHERE n NOT IN (SELECT MAX(kind) FROM items GROUP BY weight);

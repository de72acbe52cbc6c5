-- A star gives the columns of all tables in order, and names them apart.
CREATE TABLE customers (id INT, name STRING, city STRING, `limit` INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/customers.json', 'format' = 'json');

CREATE TABLE orders (id INT, customer BIGINT, item STRING, price DECIMAL(10, 2), city STRING, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

CREATE TABLE items (item STRING, kind INT, weight INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/items.json', 'format' = 'json');

SELECT * FROM customers c JOIN orders o ON c.id = o.customer;

SELECT o.*, c.name FROM customers c JOIN orders o ON c.id = o.customer;

SELECT id0, city0, name FROM (SELECT * FROM customers c JOIN orders o ON c.id = o.customer);

SELECT c.*, i.* FROM customers c, items i WHERE c.id = i.kind;

SELECT t.id AS x, t.weight FROM (SELECT o.id, i.weight FROM orders o JOIN items i ON o.item = i.item) AS t;

SELECT * FROM (items i JOIN orders o ON i.item = o.item);

SELECT customers.name, `default_catalog`.`default_database`.orders.id FROM customers JOIN orders ON customers.id = orders.customer;

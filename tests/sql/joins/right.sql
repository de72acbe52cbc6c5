-- A right join gives right rows without a match with NULLs.
CREATE TABLE customers (id INT, name STRING, city STRING, `limit` INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/customers.json', 'format' = 'json');

CREATE TABLE orders (id INT, customer BIGINT, item STRING, price DECIMAL(10, 2), city STRING, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

SELECT c.id, c.name, o.id AS o, o.item FROM customers c RIGHT JOIN orders o ON c.id = o.customer;

SELECT c.name, o.id FROM customers c RIGHT OUTER JOIN orders o ON c.id = o.customer AND c.`limit` > o.price;

SELECT c.name, o.id FROM customers c RIGHT JOIN orders o ON c.id = o.customer AND c.city = 'Rome';

SELECT c.name, o.id FROM customers c RIGHT JOIN orders o ON c.id = o.customer WHERE c.name IS NULL;

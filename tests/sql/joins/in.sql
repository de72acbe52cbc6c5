-- IN with a sub-query keeps rows that have an equal one, each once.
CREATE TABLE customers (id INT, name STRING, city STRING, `limit` INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/customers.json', 'format' = 'json');

CREATE TABLE orders (id INT, customer BIGINT, item STRING, price DECIMAL(10, 2), city STRING, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

CREATE TABLE items (item STRING, kind INT, weight INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/items.json', 'format' = 'json');

SELECT c.name FROM customers c WHERE c.id IN (SELECT customer FROM orders);

SELECT id, item FROM orders WHERE item IN (SELECT item FROM items WHERE weight > 20);

SELECT id FROM orders WHERE (customer, city) IN (SELECT id, city FROM customers);

SELECT id FROM orders WHERE customer IN (SELECT id FROM customers) AND price > 20;

SELECT name FROM customers WHERE id + 1 IN (SELECT kind + 1 FROM items);

SELECT id FROM orders o WHERE item IN (SELECT item FROM items i WHERE i.kind = o.customer);

SELECT id FROM orders WHERE item IN (SELECT item FROM items WHERE kind IN (SELECT id FROM customers WHERE city = 'Rome'));

SELECT id FROM orders WHERE item IN (SELECT item FROM items) AND customer IN (SELECT id FROM customers);

SELECT o.id, c.name FROM orders o, customers c WHERE o.customer = c.id AND o.item IN (SELECT item FROM items WHERE kind < 3);

SELECT name FROM customers WHERE id IN (SELECT customer FROM orders UNION ALL SELECT kind FROM items);

-- NOT IN keeps rows that are surely absent: NULL is known of nothing.
CREATE TABLE customers (id INT, name STRING, city STRING, `limit` INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/customers.json', 'format' = 'json');

CREATE TABLE orders (id INT, customer BIGINT, item STRING, price DECIMAL(10, 2), city STRING, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/orders.json', 'format' = 'json');

CREATE TABLE items (item STRING, kind INT, weight INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/items.json', 'format' = 'json');

SELECT name FROM customers WHERE id NOT IN (SELECT customer FROM orders);

SELECT name FROM customers WHERE id NOT IN (SELECT customer FROM orders WHERE customer IS NOT NULL);

SELECT name FROM customers WHERE id NOT IN (SELECT kind FROM items);

SELECT name FROM customers WHERE id NOT IN (SELECT kind FROM items WHERE kind > 100);

SELECT name FROM customers WHERE id IS NOT NULL AND NOT (id IN (SELECT kind FROM items));

SELECT id FROM orders o WHERE item NOT IN (SELECT item FROM items i WHERE i.kind = o.customer);

SELECT id FROM orders WHERE (customer, item) NOT IN (SELECT kind, item FROM items);

-- Conditions without any equality, for all kinds of joins.
CREATE TABLE customers (id INT, name STRING, city STRING, `limit` INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/customers.json', 'format' = 'json');

CREATE TABLE items (item STRING, kind INT, weight INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/items.json', 'format' = 'json');

SELECT c.name, i.item FROM customers c JOIN items i ON c.`limit` > i.weight;

SELECT c.name, i.item FROM customers c LEFT JOIN items i ON c.`limit` < i.weight;

SELECT c.name, i.item FROM customers c RIGHT JOIN items i ON c.`limit` < i.weight;

SELECT c.name, i.item FROM customers c FULL JOIN items i ON c.`limit` BETWEEN i.weight AND i.weight + 15;

SELECT c.name, i.item FROM customers c LEFT JOIN items i ON TRUE;

SELECT c.name, i.item FROM customers c LEFT JOIN items i ON FALSE;

SELECT c.name, i.item FROM customers c FULL JOIN items i ON c.city = 'Oslo';

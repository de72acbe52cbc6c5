-- Changes as Debezium writes them: inserts, updates with what was before, deletions, and an empty line.
CREATE TABLE products (
  id INT,
  name STRING,
  description STRING,
  weight DOUBLE
) WITH ('connector' = 'filesystem', 'path' = '${data}/debezium.json', 'format' = 'debezium-json');

SELECT * FROM products;
SELECT name, weight FROM products WHERE weight > 1;
SELECT COUNT(*) AS c, SUM(weight) AS s, MAX(weight) AS m, MIN(description) AS d, LAST_VALUE(name) AS l, FIRST_VALUE(name) AS f FROM products;

-- Without the setting an event that comes twice counts twice.
CREATE TABLE products (
  id INT,
  name STRING,
  weight DOUBLE
) WITH ('connector' = 'filesystem', 'path' = '${data}/debezium_twice.json', 'format' = 'debezium-json');

SELECT name, COUNT(*) AS c, SUM(weight) AS s FROM products WHERE id <> 102 GROUP BY name;

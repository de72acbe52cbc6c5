-- Events that come twice are told apart by the primary key.
SET 'table.exec.source.cdc-events-duplicate' = 'true';
CREATE TABLE products (
  id INT,
  name STRING,
  weight DOUBLE,
  PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${data}/debezium_twice.json', 'format' = 'debezium-json');

SELECT * FROM products;
SELECT COUNT(*) AS c, SUM(weight) AS s, MIN(name) AS n FROM products;
SELECT name FROM products;

-- A changelog of a table with a primary key.
CREATE TABLE products (
  id INT,
  name STRING,
  description STRING,
  weight DOUBLE,
  PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${data}/debezium.json', 'format' = 'debezium-json');

SELECT id FROM products;

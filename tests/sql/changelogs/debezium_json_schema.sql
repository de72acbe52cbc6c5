-- Debezium's records with their schema.
CREATE TABLE products (
  id INT,
  name STRING,
  description STRING,
  weight DOUBLE
) WITH ('connector' = 'filesystem', 'path' = '${data}/debezium_schema.json', 'format' = 'debezium-json', 'debezium-json.schema-include' = 'true');

SELECT * FROM products;

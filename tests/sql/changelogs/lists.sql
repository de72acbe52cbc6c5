-- Lists over changes keep the order in which what is left came.
CREATE TABLE products (
  id INT,
  name STRING,
  description STRING,
  weight DOUBLE
) WITH ('connector' = 'filesystem', 'path' = '${data}/debezium.json', 'format' = 'debezium-json');

SELECT LISTAGG(name) AS names, LISTAGG(DISTINCT CAST(weight AS STRING), '|') AS weights, ARRAY_AGG(description) AS descriptions, FIRST_VALUE(description) AS f,
  LAST_VALUE(description) AS l, ARRAY_AGG(DISTINCT weight) AS w
FROM products;

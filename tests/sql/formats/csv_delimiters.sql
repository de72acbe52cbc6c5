-- Field delimiter, quote character, null literal and array delimiter.
CREATE TABLE t (id INT, s STRING, a ARRAY<INT>)
WITH ('connector' = 'filesystem', 'path' = '${data}/semicolons.csv', 'format' = 'csv', 'csv.field-delimiter' = ';', 'csv.quote-character' = '''', 'csv.null-literal' = 'NULL', 'csv.array-element-delimiter' = '|');
SELECT * FROM t WHERE id < 4;

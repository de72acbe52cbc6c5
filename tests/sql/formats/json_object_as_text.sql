-- An object or array read as STRING keeps its JSON, without blanks.
CREATE TABLE nested (id INT, r STRING, l STRING, m STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/nested.json', 'format' = 'json');
SELECT * FROM nested;

-- One wrong statement in a set stops the whole set.
CREATE TABLE a (id INT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/a', 'format' = 'json');
EXECUTE STATEMENT SET BEGIN
INSERT INTO a VALUES (1);
INSERT INTO nowhere VALUES (2);
END;

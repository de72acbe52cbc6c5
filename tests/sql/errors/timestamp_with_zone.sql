-- TIMESTAMP WITH TIME ZONE is not there.
CREATE TABLE t (a TIMESTAMP(3) WITH TIME ZONE) WITH ('connector' = 'blackhole');

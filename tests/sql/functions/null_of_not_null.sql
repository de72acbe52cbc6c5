-- Some functions of NOT NULL arguments count as NOT NULL though they give NULL; the job then fails.
SELECT LPAD('a', 5, '') AS a;

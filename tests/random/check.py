"""Random queries over random tables give on the embedded engine, once its input has ended, what DuckDB gives.

A seed decides tables, rows, query and parallelism. Only what both dialects understand alike is asked for: no division, no
order but total ones, no numbers near their bounds. Some tables are fed as changelogs; DuckDB is given what is left of them.

    check.py PROGRAM [--seeds N] [--first SEED] [--show]
"""

import argparse
import collections
import concurrent.futures
import decimal
import json
import os
import subprocess
import sys
import tempfile

import duckdb

from queries import Generator

TIMEOUT_S = 60


class Difference(Exception):
    pass


def run_ours(program, script, parallelism, folder):
    path = os.path.join(folder, "query.sql")
    with open(path, "w", encoding="utf-8") as file:
        file.write(script)
    command = [program, "run", "--format", "json", "--set", f"parallelism.default={parallelism}", path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise Difference(f"fails:\n{done.stderr}")
    return collapse(json.loads(line, parse_float=decimal.Decimal) for line in done.stdout.splitlines())


def collapse(changes):
    """The rows that are left, and how often. Each retraction takes away a row that was there."""
    rows = collections.Counter()
    for change in changes:
        row = tuple(value_of(value) for value in change["row"].values())
        if change["op"] in ("+I", "+U"):
            rows[row] += 1
        else:
            rows[row] -= 1
    negative = [row for row, count in rows.items() if count < 0]
    if negative:
        raise Difference(f"takes away rows that are not there: {negative[:3]}")
    return +rows


def run_duckdb(case):
    connection = duckdb.connect()
    # Flink's NULL is the least of all values.
    connection.execute("SET default_null_order = 'NULLS_FIRST_ON_ASC_LAST_ON_DESC'")
    connection.execute("CREATE MACRO char_length(text) AS length(text)")
    for table in case.tables:
        connection.execute(f"CREATE TABLE {table.name} ({', '.join(f'{name} {kind}' for name, kind in table.columns)})")
        marks = ", ".join("?" * len(table.columns))
        for row in table.rows():
            connection.execute(f"INSERT INTO {table.name} VALUES ({marks})", row)
    rows = connection.execute(case.query).fetchall()
    return collections.Counter(tuple(value_of(value) for value in row) for row in rows)


def value_of(value):
    """Numbers that are equal are alike, whatever their scale."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    return decimal.Decimal(value).normalize() + 0


def check(program, seed, show):
    case = Generator(seed).case()
    with tempfile.TemporaryDirectory(prefix="oceanus-random-") as folder:
        script = case.script(folder)
        if show:
            print(script)
        try:
            ours = run_ours(program, script, case.parallelism, folder)
            theirs = run_duckdb(case)
            if ours != theirs:
                raise Difference(f"only ours: {few(ours - theirs)}\nonly DuckDB's: {few(theirs - ours)}")
        except (Difference, duckdb.Error, subprocess.TimeoutExpired) as fault:
            return f"=== seed {seed}, parallelism {case.parallelism}\n{case.query}\n{fault}\n"
    return None


def few(rows):
    return [tuple(map(str, row)) for row in list(rows.elements())[:5]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="print each script")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = list(pool.map(lambda seed: check(options.program, seed, options.show), seeds))
    faults = [fault for fault in faults if fault]
    for fault in faults[:20]:
        print(fault)
    print(f"seeds {seeds.start} to {seeds.stop - 1}")
    print(f"{len(seeds) - len(faults)} passed, {len(faults)} failed")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

"""Makes tables, rows and a query from a seed.

A relation is a text that can stand in FROM, and the names and types of its columns; what is built upon it sees nothing
else. Every column of every query has a name of its own.
"""

import json
import os
import random

BIGINT, STRING, BOOLEAN, DECIMAL = "BIGINT", "VARCHAR", "BOOLEAN", "DECIMAL(10, 2)"

ROWS_MAX = 40
DEPTH_MAX = 3
WORDS = ["", "a", "b", "ab", "Ba", "c c", "é", " x "]


class Table:
    """A table, and what happens to it in order: `(kind, row)`, an update as two."""

    def __init__(self, name, columns, changes, is_changelog):
        self.name = name
        self.columns = columns
        self.changes = changes
        self.is_changelog = is_changelog

    def rows(self):
        rows = []
        for adds, row in self.changes:
            if adds:
                rows.append(row)
            else:
                rows.remove(row)
        return rows

    def statement(self, folder):
        path = os.path.join(folder, f"{self.name}.json")
        with open(path, "w", encoding="utf-8") as file:
            for line in self.lines():
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        columns = ", ".join(f"{name} {kind}" for name, kind in self.columns)
        form = "debezium-json" if self.is_changelog else "json"
        options = f"'connector' = 'filesystem', 'path' = '{path}', 'format' = '{form}'"
        return f"CREATE TABLE {self.name} ({columns}) WITH ({options});"

    def lines(self):
        for adds, row in self.changes:
            values = {name: value for (name, _), value in zip(self.columns, row)}
            if not self.is_changelog:
                yield values
            elif adds:
                yield {"before": None, "after": values, "op": "c"}
            else:
                yield {"before": values, "after": None, "op": "d"}


class Case:
    def __init__(self, tables, query, parallelism):
        self.tables = tables
        self.query = query
        self.parallelism = parallelism

    def script(self, folder):
        statements = [table.statement(folder) for table in self.tables]
        return "\n".join(statements + [self.query + ";"]) + "\n"


class Relation:
    def __init__(self, text, columns):
        self.text = text
        self.columns = columns

    def of_type(self, kind):
        return [name for name, own in self.columns if own == kind]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.names = 0
        self.tables = [self.table(name) for name in ("t", "u")]

    def case(self):
        relation = self.relation(self.random.randint(1, DEPTH_MAX))
        query = f"SELECT * FROM {relation.text} AS {self.name('q')}"
        return Case(self.tables, query, self.random.randint(1, 3))

    # ------------------------------------------------------------------------------------------ tables

    def table(self, name):
        columns = [("id", BIGINT), ("k", BIGINT), ("v", BIGINT), ("s", STRING), ("b", BOOLEAN), ("d", DECIMAL)]
        changes = []
        for number in range(self.random.randint(0, ROWS_MAX)):
            changes.append((True, self.row(number)))
        is_changelog = self.chance(0.5)
        if is_changelog:
            present = []
            history = []
            for change in changes:
                history.append(change)
                present.append(change[1])
                while present and self.chance(0.3):
                    old = present.pop(self.random.randrange(len(present)))
                    history.append((False, old))
                    if self.chance(0.7):
                        new = self.row(old[0])
                        history.append((True, new))
                        present.append(new)
            changes = history
        return Table(name, columns, changes, is_changelog)

    def row(self, number):
        pick = self.random
        maybe = lambda value: None if self.chance(0.15) else value
        return (
            number,
            maybe(pick.randint(0, 4)),
            maybe(pick.randint(-9, 20)),
            maybe(pick.choice(WORDS)),
            maybe(pick.choice([True, False])),
            maybe(pick.randint(-500, 2000) / 100),
        )

    # --------------------------------------------------------------------------------------- relations

    def relation(self, depth):
        if depth == 0:
            table = self.random.choice(self.tables)
            return Relation(table.name, table.columns)
        make = self.random.choice(
            [
                self.selected,
                self.grouped,
                self.grouped,
                self.united,
                self.distinct,
                self.joined,
                self.joined,
                self.half_joined,
                self.combined,
                self.ranked,
            ]
        )
        return make(depth)

    def under(self, depth):
        """A relation below, and the alias to name it by."""
        relation = self.relation(self.random.randint(0, depth - 1))
        alias = self.name("r")
        columns = [(f"{alias}.{name}", kind) for name, kind in relation.columns]
        return f"{relation.text} AS {alias}", Relation(alias, columns)

    def selected(self, depth):
        text, below = self.under(depth)
        columns, items = [], []
        for kind in self.random.choices([BIGINT, STRING, BOOLEAN, DECIMAL], k=self.random.randint(1, 4)):
            self.item(self.expression(kind, below, 2), kind, items, columns)
        where = f" WHERE {self.expression(BOOLEAN, below, 2)}" if self.chance(0.6) else ""
        return Relation(f"(SELECT {', '.join(items)} FROM {text}{where})", columns)

    def distinct(self, depth):
        selected = self.selected(depth)
        return Relation(selected.text.replace("(SELECT ", "(SELECT DISTINCT ", 1), selected.columns)

    def grouped(self, depth):
        text, below = self.under(depth)
        columns, items, keys = [], [], []
        for _ in range(self.random.choice([0, 1, 1, 1, 2])):
            kind = self.random.choice([BIGINT, STRING, BOOLEAN])
            # A constant is no column to group by.
            names = below.of_type(kind)
            if names:
                key = self.random.choice(names)
                keys.append(key)
                self.item(key, kind, items, columns)
        for _ in range(self.random.randint(1, 3)):
            kind, call = self.aggregate(below)
            self.item(call, kind, items, columns)
        where = f" WHERE {self.expression(BOOLEAN, below, 1)}" if self.chance(0.3) else ""
        group = f" GROUP BY {', '.join(keys)}" if keys else ""
        # Without keys and without rows there is no row on a stream.
        conditions = [] if keys else ["COUNT(*) > 0"]
        if self.chance(0.3):
            conditions.append(f"COUNT(*) > {self.random.randint(0, 3)}")
        having = f" HAVING {' AND '.join(conditions)}" if conditions else ""
        return Relation(f"(SELECT {', '.join(items)} FROM {text}{where}{group}{having})", columns)

    def aggregate(self, below):
        condition = f" FILTER (WHERE {self.expression(BOOLEAN, below, 1)})" if self.chance(0.2) else ""
        distinct = "DISTINCT " if self.chance(0.3) else ""
        make = self.random.choice(["count rows", "count", "sum", "sum", "extreme", "extreme"])
        if make == "count rows":
            return BIGINT, f"COUNT(*){condition}"
        if make == "count":
            kind = self.random.choice([BIGINT, STRING, DECIMAL])
            return BIGINT, f"COUNT({distinct}{self.expression(kind, below, 1)}){condition}"
        if make == "sum":
            return BIGINT, f"SUM({distinct}{self.expression(BIGINT, below, 1)}){condition}"
        kind = self.random.choice([BIGINT, STRING, DECIMAL])
        function = self.random.choice(["MIN", "MAX"])
        return kind, f"{function}({self.expression(kind, below, 1)}){condition}"

    def united(self, depth):
        return self.both("UNION ALL", depth)

    def combined(self, depth):
        operators = ["UNION", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL"]
        return self.both(self.random.choice(operators), depth)

    def both(self, operator, depth):
        kinds = self.random.choices([BIGINT, STRING, BOOLEAN], k=self.random.randint(1, 2))
        names = [self.name("c") for _ in kinds]
        sides = []
        for _ in range(2):
            text, below = self.under(depth)
            items = [
                f"{self.expression(kind, below, 1)} AS {name}" for kind, name in zip(kinds, names, strict=True)
            ]
            sides.append(f"SELECT {', '.join(items)} FROM {text}")
        return Relation(f"({f' {operator} '.join(sides)})", list(zip(names, kinds)))

    def joined(self, depth):
        left_text, left = self.under(depth)
        right_text, right = self.under(depth)
        kind = self.random.choice(["JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
        columns, items = [], []
        for side in (left, right):
            for name, own in self.random.sample(side.columns, min(3, len(side.columns))):
                self.item(name, own, items, columns)
        condition = self.pairing(left, right)
        return Relation(
            f"(SELECT {', '.join(items)} FROM {left_text} {kind} {right_text} ON {condition})", columns
        )

    def half_joined(self, depth):
        text, below = self.under(depth)
        inner_text, inner = self.under(depth)
        items, columns = [], []
        for name, kind in below.columns:
            self.item(name, kind, items, columns)
        negation = "NOT " if self.chance(0.4) else ""
        if self.chance(0.5):
            condition = f"{negation}EXISTS (SELECT 1 FROM {inner_text} WHERE {self.pairing(below, inner)})"
        else:
            kind = self.random.choice([BIGINT, STRING])
            outer_value, inner_value = self.column(kind, below), self.column(kind, inner)
            condition = f"{outer_value} {negation}IN (SELECT {inner_value} FROM {inner_text})"
        return Relation(f"(SELECT {', '.join(items)} FROM {text} WHERE {condition})", columns)

    def pairing(self, left, right):
        """A condition that pairs rows of two relations by equal columns."""
        kinds = [kind for kind in (BIGINT, STRING) if left.of_type(kind) and right.of_type(kind)]
        if not kinds:
            return f"{self.column(BIGINT, left)} = {self.column(BIGINT, right)}"
        kind = self.random.choice(kinds)
        condition = f"{self.column(kind, left)} = {self.column(kind, right)}"
        if self.chance(0.3):
            condition += f" AND {self.column(BIGINT, left)} < {self.column(BIGINT, right)}"
        return condition

    def ranked(self, depth):
        text, below = self.under(depth)
        columns, items, order = [], [], []
        for name, kind in below.columns:
            self.item(name, kind, items, columns)
        # A total order: rows that tie are alike.
        for name, _ in self.random.sample(below.columns, len(below.columns)):
            order.append(f"{name} {self.random.choice(['ASC', 'DESC'])}")
        partition = f"PARTITION BY {self.random.choice(below.columns)[0]} " if self.chance(0.7) else ""
        rank = self.name("c")
        outer = [name for name, _ in columns]
        condition = f"{rank} <= {self.random.randint(1, 4)}"
        if self.chance(0.4):
            outer.append(rank)
            columns = columns + [(rank, BIGINT)]
        number = f"ROW_NUMBER() OVER ({partition}ORDER BY {', '.join(order)}) AS {rank}"
        inner = f"(SELECT {', '.join(items)}, {number} FROM {text})"
        return Relation(
            f"(SELECT {', '.join(outer)} FROM {inner} AS {self.name('r')} WHERE {condition})", columns
        )

    # ------------------------------------------------------------------------------------- expressions

    def expression(self, kind, below, depth):
        if depth == 0 or self.chance(0.3):
            return self.column(kind, below)
        inner = lambda other=kind: self.expression(other, below, depth - 1)
        if self.chance(0.15):
            return f"CASE WHEN {inner(BOOLEAN)} THEN {inner()} ELSE {inner()} END"
        if self.chance(0.1):
            return f"COALESCE({inner()}, {inner()})"
        if kind == BIGINT:
            return self.random.choice(
                [
                    lambda: f"({inner()} + {inner()})",
                    lambda: f"({inner()} - {inner()})",
                    lambda: f"ABS({inner()})",
                    lambda: f"MOD({inner()}, 3)",
                    lambda: f"CAST(CHAR_LENGTH({inner(STRING)}) AS BIGINT)",
                ]
            )()
        if kind == STRING:
            return self.random.choice(
                [
                    lambda: f"({inner()} || {inner()})",
                    lambda: f"UPPER({inner()})",
                    lambda: f"TRIM({inner()})",
                    lambda: f"SUBSTRING({inner()}, 1, 2)",
                    lambda: f"CAST({inner(BIGINT)} AS VARCHAR)",
                ]
            )()
        if kind == DECIMAL:
            return f"CAST({inner(BIGINT)} AS DECIMAL(10, 2))"
        comparison = self.random.choice(["=", "<>", "<", "<=", ">", ">="])
        return self.random.choice(
            [
                lambda: f"({inner(BIGINT)} {comparison} {inner(BIGINT)})",
                lambda: f"({inner(STRING)} {comparison} {inner(STRING)})",
                lambda: f"({inner(DECIMAL)} {comparison} {inner(DECIMAL)})",
                lambda: f"({inner()} AND {inner()})",
                lambda: f"({inner()} OR {inner()})",
                lambda: f"(NOT {inner()})",
                lambda: f"({inner(BIGINT)} IS NULL)",
                lambda: f"({inner(BIGINT)} BETWEEN 0 AND {self.random.randint(0, 20)})",
                lambda: f"({inner(STRING)} LIKE 'a%')",
                lambda: f"({inner(BIGINT)} IN (1, 2, {self.random.randint(3, 9)}))",
            ]
        )()

    def column(self, kind, below):
        names = below.of_type(kind)
        if names and self.chance(0.9):
            return self.random.choice(names)
        if kind == BIGINT:
            return f"CAST({self.random.randint(-3, 9)} AS BIGINT)"
        if kind == STRING:
            return f"CAST('{self.random.choice(WORDS)}' AS VARCHAR)"
        if kind == DECIMAL:
            return f"CAST({self.random.randint(-99, 999)} AS DECIMAL(10, 2))"
        return self.random.choice(["TRUE", "FALSE"])

    def item(self, expression, kind, items, columns):
        name = self.name("c")
        items.append(f"{expression} AS {name}")
        columns.append((name, kind))

    def name(self, prefix):
        self.names += 1
        return f"{prefix}{self.names}"

    def chance(self, of):
        return self.random.random() < of

//! Trees as one line of text, every operator in parentheses: what tests compare. Shows every field of every node.

use sql::ast::*;

pub fn statement(statement: &Statement) -> String {
    kind(&statement.kind)
}

fn kind(kind: &StatementKind) -> String {
    use StatementKind as K;
    match kind {
        K::CreateTable(table) => create_table(table),
        K::CreateView(view) => format!(
            "CREATE{} VIEW{} {}{}{} AS {}",
            flag(view.temporary, " TEMPORARY"),
            flag(view.if_not_exists, " IF NOT EXISTS"),
            name(&view.name),
            names(" ", &view.columns),
            comment(&view.comment),
            query(&view.query)
        ),
        K::CreateCatalog {
            name,
            if_not_exists,
            comment: text,
            options,
        } => format!(
            "CREATE CATALOG{} {}{}{}",
            flag(*if_not_exists, " IF NOT EXISTS"),
            ident(name),
            comment(text),
            with(options)
        ),
        K::CreateDatabase {
            name: of,
            if_not_exists,
            comment: text,
            options,
        } => format!(
            "CREATE DATABASE{} {}{}{}",
            flag(*if_not_exists, " IF NOT EXISTS"),
            name(of),
            comment(text),
            with(options)
        ),
        K::CreateFunction(f) => {
            format!(
                "CREATE{}{} FUNCTION{} {} {}",
                flag(f.temporary, " TEMPORARY"),
                flag(f.system, " SYSTEM"),
                flag(f.if_not_exists, " IF NOT EXISTS"),
                name(&f.name),
                function_body(&f.body),
            )
        }
        K::DropTable {
            name: of,
            temporary,
            if_exists,
        } => drop("TABLE", name(of), *temporary, *if_exists),
        K::DropView {
            name: of,
            temporary,
            if_exists,
        } => drop("VIEW", name(of), *temporary, *if_exists),
        K::DropCatalog { name, if_exists } => drop("CATALOG", ident(name), false, *if_exists),
        K::DropDatabase {
            name: of,
            if_exists,
            cascade,
        } => drop("DATABASE", name(of), false, *if_exists) + flag(*cascade, " CASCADE"),
        K::DropFunction {
            name: of,
            temporary,
            system,
            if_exists,
        } => drop(
            if *system { "SYSTEM FUNCTION" } else { "FUNCTION" },
            name(of),
            *temporary,
            *if_exists,
        ),
        K::AlterTable {
            name: of,
            if_exists,
            action,
        } => {
            format!(
                "ALTER TABLE{} {} {}",
                flag(*if_exists, " IF EXISTS"),
                name(of),
                alter(action)
            )
        }
        K::AlterView {
            name: of,
            action: AlterView::RenameTo(to),
        } => {
            format!("ALTER VIEW {} RENAME TO {}", name(of), name(to))
        }
        K::AlterView {
            name: of,
            action: AlterView::As(body),
        } => {
            format!("ALTER VIEW {} AS {}", name(of), query(body))
        }
        K::AlterDatabase { name: of, options } => {
            format!("ALTER DATABASE {} SET {}", name(of), entries(options))
        }
        K::UseCatalog(name) => format!("USE CATALOG {}", ident(name)),
        K::UseDatabase(of) => format!("USE {}", name(of)),
        K::Show(show) => {
            let from = show
                .from
                .as_ref()
                .map(|of| format!(" FROM {}", name(of)))
                .unwrap_or_default();
            let like = show.like.as_ref().map(|like| {
                let word = if like.ignore_case { "ILIKE" } else { "LIKE" };
                format!("{} {word} {}", flag(like.negated, " NOT"), text(&like.pattern))
            });
            format!("SHOW {}{from}{}", show_kind(&show.what), like.unwrap_or_default())
        }
        K::Describe { name: of, extended } => {
            format!("DESCRIBE{} {}", flag(*extended, " EXTENDED"), name(of))
        }
        K::DescribeFunction { name: of, extended } => {
            format!("DESCRIBE FUNCTION {}{}", flag(*extended, "EXTENDED "), name(of))
        }
        K::Set(None) => "SET".to_string(),
        K::Set(Some((key, value))) => format!("SET {} = {}", text(key), text(value)),
        K::Reset(key) => format!(
            "RESET{}",
            key.as_ref()
                .map(|key| format!(" {}", text(key)))
                .unwrap_or_default()
        ),
        K::Query(body) => query(body),
        K::Insert(into) => insert(into),
        K::StatementSet { inserts } => {
            let inserts: Vec<String> = inserts.iter().map(|one| insert(one) + ";").collect();
            format!("STATEMENT SET BEGIN {} END", inserts.join(" "))
        }
        K::Explain {
            details,
            statement: of,
        } => {
            let details: Vec<String> = details.iter().map(|detail| format!("{detail:?}")).collect();
            let space = flag(!details.is_empty(), " ");
            format!("EXPLAIN {}{space}{}", details.join(", "), statement(of))
        }
    }
}

fn drop(what: &str, of: String, temporary: bool, if_exists: bool) -> String {
    format!(
        "DROP{} {what}{} {of}",
        flag(temporary, " TEMPORARY"),
        flag(if_exists, " IF EXISTS")
    )
}

fn show_kind(kind: &ShowKind) -> String {
    match kind {
        ShowKind::Functions { user } => format!("{}FUNCTIONS", flag(*user, "USER ")),
        ShowKind::Modules { full } => format!("{}MODULES", flag(*full, "FULL ")),
        ShowKind::Partitions(of) => format!("PARTITIONS {}", name(of)),
        ShowKind::CreateTable(of) => format!("CREATE TABLE {}", name(of)),
        ShowKind::CreateFunction(of) => format!("CREATE FUNCTION {}", name(of)),
        ShowKind::CreateView(of) => format!("CREATE VIEW {}", name(of)),
        ShowKind::CreateCatalog(of) => format!("CREATE CATALOG {}", ident(of)),
        ShowKind::CurrentCatalog => "CURRENT CATALOG".to_string(),
        ShowKind::CurrentDatabase => "CURRENT DATABASE".to_string(),
        other => format!("{other:?}").to_uppercase(),
    }
}

fn create_table(table: &CreateTable) -> String {
    let elements: Vec<String> = table.elements.iter().map(element).collect();
    let mut out = format!(
        "CREATE{} TABLE{} {}{}",
        flag(table.temporary, " TEMPORARY"),
        flag(table.if_not_exists, " IF NOT EXISTS"),
        name(&table.name),
        names(" ", &table.column_order)
    );
    if !elements.is_empty() {
        out += &format!(" ({})", elements.join(", "));
    }
    out += &comment(&table.comment);
    if let Some(by) = &table.distribution {
        out += &format!(" DISTRIBUTED{}", distribution(by));
    }
    if !table.partitioned_by.is_empty() {
        out += &format!(" PARTITIONED BY{}", names(" ", &table.partitioned_by));
    }
    out += &with(&table.options);
    if let Some(like) = &table.like {
        let options: Vec<String> = like
            .options
            .iter()
            .map(|o| format!("{:?} {:?}", o.merge, o.feature).to_uppercase())
            .collect();
        out += &format!(" LIKE {} ({})", name(&like.table), options.join(" "));
    }
    if let Some(body) = &table.query {
        out += &format!(" AS {}", query(body));
    }
    out
}

fn distribution(by: &Distribution) -> String {
    let kind = match by.kind {
        DistributionKind::Hash => "HASH",
        DistributionKind::Range => "RANGE",
        DistributionKind::Unspecified => "",
    };
    let columns = if by.columns.is_empty() {
        String::new()
    } else {
        format!(" BY {kind}{}", names("", &by.columns))
    };
    format!(
        "{columns}{}",
        by.buckets
            .map(|n| format!(" INTO {n} BUCKETS"))
            .unwrap_or_default()
    )
}

fn element(element: &TableElement) -> String {
    match element {
        TableElement::Watermark(mark) => format!(
            "WATERMARK FOR {} AS {}",
            name(&mark.column),
            expr(&mark.expression)
        ),
        TableElement::PrimaryKey(key) => primary_key(key),
        TableElement::Column(column) => {
            let kind = match &column.kind {
                ColumnKind::Physical {
                    data_type,
                    primary_key: None,
                } => data_type.data_type.to_string(),
                ColumnKind::Physical {
                    data_type,
                    primary_key: Some(key),
                } => {
                    format!("{} {}", data_type.data_type, primary_key(key))
                }
                ColumnKind::Computed(of) => format!("AS {}", expr(of)),
                ColumnKind::Metadata {
                    data_type,
                    key,
                    is_virtual,
                } => format!(
                    "{} METADATA{}{}",
                    data_type.data_type,
                    key.as_ref()
                        .map(|key| format!(" FROM {}", text(key)))
                        .unwrap_or_default(),
                    flag(*is_virtual, " VIRTUAL")
                ),
            };
            format!("{} {kind}{}", ident(&column.name), comment(&column.comment))
        }
    }
}

fn primary_key(key: &PrimaryKey) -> String {
    format!(
        "{}PRIMARY KEY{}{}",
        key.constraint
            .as_ref()
            .map(|of| format!("CONSTRAINT {} ", ident(of)))
            .unwrap_or_default(),
        names(" ", &key.columns),
        flag(key.not_enforced, " NOT ENFORCED")
    )
}

fn alter(action: &AlterTable) -> String {
    let elements = |list: &[AlterElement]| {
        let list: Vec<String> = list
            .iter()
            .map(|one| {
                let position = match &one.position {
                    None => String::new(),
                    Some(ColumnPosition::First) => " FIRST".to_string(),
                    Some(ColumnPosition::After(of)) => format!(" AFTER {}", ident(of)),
                };
                element(&one.element) + &position
            })
            .collect();
        format!("({})", list.join(", "))
    };
    match action {
        AlterTable::RenameTo(to) => format!("RENAME TO {}", name(to)),
        AlterTable::RenameColumn { from, to } => format!("RENAME {} TO {}", ident(from), ident(to)),
        AlterTable::SetOptions(options) => format!("SET {}", entries(options)),
        AlterTable::ResetOptions(keys) => {
            format!("RESET ({})", keys.iter().map(text).collect::<Vec<_>>().join(", "))
        }
        AlterTable::Add(list) => format!("ADD {}", elements(list)),
        AlterTable::Modify(list) => format!("MODIFY {}", elements(list)),
        AlterTable::DropColumns(columns) => format!("DROP{}", names(" ", columns)),
        AlterTable::DropWatermark => "DROP WATERMARK".to_string(),
        AlterTable::DropPrimaryKey => "DROP PRIMARY KEY".to_string(),
        AlterTable::DropConstraint(of) => format!("DROP CONSTRAINT {}", ident(of)),
        AlterTable::AddDistribution(by) => format!("ADD DISTRIBUTION{}", distribution(by)),
        AlterTable::ModifyDistribution(by) => format!("MODIFY DISTRIBUTION{}", distribution(by)),
        AlterTable::DropDistribution => "DROP DISTRIBUTION".to_string(),
    }
}

fn insert(into: &Insert) -> String {
    let partition: Vec<String> = into
        .partition
        .iter()
        .map(|(key, value)| format!("{} = {}", ident(key), expr(value)))
        .collect();
    format!(
        "INSERT {} {}{}{}{} {}{}",
        if into.overwrite { "OVERWRITE" } else { "INTO" },
        name(&into.table),
        hints(&into.hints),
        if partition.is_empty() {
            String::new()
        } else {
            format!(" PARTITION ({})", partition.join(", "))
        },
        names(" ", &into.columns),
        query(&into.query),
        into.on_conflict
            .map(|c| format!(" ON CONFLICT DO {}", format!("{c:?}").to_uppercase()))
            .unwrap_or_default()
    )
}

// -------------------------------------------------------------------------------------------------- queries

pub fn query(of: &Query) -> String {
    let mut out = String::new();
    if !of.ctes.is_empty() {
        let ctes: Vec<String> = of
            .ctes
            .iter()
            .map(|cte| {
                format!(
                    "{}{} AS ({})",
                    ident(&cte.name),
                    names(" ", &cte.columns),
                    query(&cte.query)
                )
            })
            .collect();
        out += &format!("WITH{} {} ", flag(of.recursive, " RECURSIVE"), ctes.join(", "));
    }
    out += &body(&of.body);
    out += &order_by(" ORDER BY ", &of.order_by);
    if let Some(limit) = &of.limit {
        out += &format!(" LIMIT {}", expr(limit));
    }
    if let Some(offset) = &of.offset {
        out += &format!(" OFFSET {}", expr(offset));
    }
    out
}

fn body(of: &QueryBody) -> String {
    match of {
        QueryBody::Select(of) => select(of),
        QueryBody::Values { rows, .. } => {
            let rows: Vec<String> = rows.iter().map(|row| format!("({})", list(row))).collect();
            format!("VALUES {}", rows.join(", "))
        }
        QueryBody::SetOperation {
            operator,
            all,
            left,
            right,
            ..
        } => format!(
            "{{{} {}{} {}}}",
            body(left),
            format!("{operator:?}").to_uppercase(),
            flag(*all, " ALL"),
            body(right)
        ),
        QueryBody::Nested(of) => format!("({})", query(of)),
        QueryBody::Table(of) => format!("TABLE {}", name(of)),
    }
}

fn select(of: &Select) -> String {
    let items: Vec<String> = of
        .items
        .iter()
        .map(|item| match item {
            SelectItem::Wildcard { qualifier: None, .. } => "*".to_string(),
            SelectItem::Wildcard {
                qualifier: Some(of), ..
            } => format!("{}.*", name(of)),
            SelectItem::Expression { expression, alias } => {
                expr(expression)
                    + &alias
                        .as_ref()
                        .map(|of| format!(" AS {}", ident(of)))
                        .unwrap_or_default()
            }
        })
        .collect();
    let mut out = format!(
        "SELECT{}{} {}",
        hints(&of.hints),
        flag(of.distinct, " DISTINCT"),
        items.join(", ")
    );
    if let Some(from) = &of.from {
        out += &format!(" FROM {}", table(from));
    }
    if let Some(filter) = &of.filter {
        out += &format!(" WHERE {}", expr(filter));
    }
    if !of.group_by.is_empty() {
        out += &format!(" GROUP BY {}", groups(&of.group_by));
    }
    if let Some(having) = &of.having {
        out += &format!(" HAVING {}", expr(having));
    }
    if !of.windows.is_empty() {
        let windows: Vec<String> = of
            .windows
            .iter()
            .map(|(of, window)| format!("{} AS {}", ident(of), over_window(window)))
            .collect();
        out += &format!(" WINDOW {}", windows.join(", "));
    }
    if let Some(qualify) = &of.qualify {
        out += &format!(" QUALIFY {}", expr(qualify));
    }
    out
}

fn groups(items: &[GroupItem]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|item| match item {
            GroupItem::Expression(of) => expr(of),
            GroupItem::GroupingSets { sets, .. } => format!("GROUPING SETS({})", groups(sets)),
            GroupItem::Rollup { items, .. } => format!("ROLLUP({})", groups(items)),
            GroupItem::Cube { items, .. } => format!("CUBE({})", groups(items)),
            GroupItem::Tuple { items, .. } => format!("({})", list(items)),
        })
        .collect();
    items.join(", ")
}

fn table(of: &TableRef) -> String {
    let kind = match &of.kind {
        TableRefKind::Table {
            name: of,
            hints: with,
            system_time,
        } => format!(
            "{}{}{}",
            name(of),
            hints(with),
            system_time
                .as_ref()
                .map(|at| format!(" FOR SYSTEM_TIME AS OF {}", expr(at)))
                .unwrap_or_default()
        ),
        TableRefKind::Subquery { query: of, lateral } => {
            format!("{}({})", flag(*lateral, "LATERAL "), query(of))
        }
        TableRefKind::Function { call: of, lateral } => {
            format!("{}TABLE({})", flag(*lateral, "LATERAL "), call(of))
        }
        TableRefKind::Unnest {
            expression,
            with_ordinality,
        } => {
            format!(
                "UNNEST({}){}",
                expr(expression),
                flag(*with_ordinality, " WITH ORDINALITY")
            )
        }
        TableRefKind::Join {
            left,
            right,
            kind,
            constraint,
        } => {
            let natural = flag(*constraint == JoinConstraint::Natural, "NATURAL ");
            let constraint = match constraint {
                JoinConstraint::On(on) => format!(" ON {}", expr(on)),
                JoinConstraint::Using(columns) => format!(" USING{}", names(" ", columns)),
                JoinConstraint::None | JoinConstraint::Natural => String::new(),
            };
            let kind = format!("{kind:?}").to_uppercase();
            format!("[{} {natural}{kind} {}{constraint}]", table(left), table(right))
        }
        TableRefKind::MatchRecognize(of) => match_recognize(of),
        TableRefKind::Nested(of) => format!("({})", table(of)),
    };
    let alias = of
        .alias
        .as_ref()
        .map(|of| format!(" AS {}{}", ident(&of.name), names(" ", &of.columns)));
    kind + &alias.unwrap_or_default()
}

fn match_recognize(of: &MatchRecognize) -> String {
    let mut parts = Vec::new();
    if !of.partition_by.is_empty() {
        parts.push(format!("PARTITION BY {}", list(&of.partition_by)));
    }
    if !of.order_by.is_empty() {
        parts.push(order_by("ORDER BY ", &of.order_by));
    }
    if !of.measures.is_empty() {
        let measures: Vec<String> = of
            .measures
            .iter()
            .map(|(of, alias)| format!("{} AS {}", expr(of), ident(alias)))
            .collect();
        parts.push(format!("MEASURES {}", measures.join(", ")));
    }
    parts.push(
        if of.all_rows_per_match {
            "ALL ROWS PER MATCH"
        } else {
            "ONE ROW PER MATCH"
        }
        .to_string(),
    );
    parts.extend(of.after_match.as_ref().map(|after| match after {
        AfterMatch::PastLastRow => "AFTER MATCH SKIP PAST LAST ROW".to_string(),
        AfterMatch::ToNextRow => "AFTER MATCH SKIP TO NEXT ROW".to_string(),
        AfterMatch::ToFirst(of) => format!("AFTER MATCH SKIP TO FIRST {}", ident(of)),
        AfterMatch::ToLast(of) => format!("AFTER MATCH SKIP TO LAST {}", ident(of)),
    }));
    parts.push(format!("PATTERN {}", pattern(&of.pattern)));
    parts.extend(of.within.as_ref().map(|of| format!("WITHIN {}", expr(of))));
    let define: Vec<String> = of
        .define
        .iter()
        .map(|(of, is)| format!("{} AS {}", ident(of), expr(is)))
        .collect();
    parts.push(format!("DEFINE {}", define.join(", ")));
    format!("{} MATCH_RECOGNIZE ({})", table(&of.table), parts.join(" "))
}

fn pattern(of: &Pattern) -> String {
    let join = |patterns: &[Pattern], by: &str| {
        format!("({})", patterns.iter().map(pattern).collect::<Vec<_>>().join(by))
    };
    match of {
        Pattern::Variable(of) => ident(of),
        Pattern::Concat(patterns) => join(patterns, " "),
        Pattern::Alternation(patterns) => join(patterns, " | "),
        Pattern::Exclude(of) => format!("{{- {} -}}", pattern(of)),
        Pattern::Repeat {
            pattern: of,
            min,
            max,
            reluctant,
        } => format!(
            "{}{{{min},{}}}{}",
            pattern(of),
            max.map(|max| max.to_string()).unwrap_or_default(),
            flag(*reluctant, "?")
        ),
    }
}

// ---------------------------------------------------------------------------------------------- expressions

pub fn expr(of: &Expr) -> String {
    use ExprKind as K;
    match &of.kind {
        K::Name(of) => name(of),
        K::Literal(of) => literal(of),
        K::Unary { operator, operand } => {
            let sign = match operator {
                UnaryOperator::Plus => "+",
                UnaryOperator::Minus => "-",
                UnaryOperator::Not => "NOT",
            };
            format!("({sign} {})", expr(operand))
        }
        K::Binary {
            operator,
            left,
            right,
        } => {
            let sign = match operator {
                BinaryOperator::Or => "OR",
                BinaryOperator::And => "AND",
                BinaryOperator::Equal => "=",
                BinaryOperator::NotEqual => "<>",
                BinaryOperator::Less => "<",
                BinaryOperator::LessOrEqual => "<=",
                BinaryOperator::Greater => ">",
                BinaryOperator::GreaterOrEqual => ">=",
                BinaryOperator::Plus => "+",
                BinaryOperator::Minus => "-",
                BinaryOperator::Multiply => "*",
                BinaryOperator::Divide => "/",
                BinaryOperator::Modulo => "%",
                BinaryOperator::Concat => "||",
            };
            format!("({} {sign} {})", expr(left), expr(right))
        }
        K::IsNull { operand, negated } => format!("({} IS{} NULL)", expr(operand), flag(*negated, " NOT")),
        K::IsTruth {
            operand,
            value,
            negated,
        } => {
            let value = value.map_or("UNKNOWN", |value| if value { "TRUE" } else { "FALSE" });
            format!("({} IS{} {value})", expr(operand), flag(*negated, " NOT"))
        }
        K::IsDistinctFrom { left, right, negated } => {
            format!(
                "({} IS{} DISTINCT FROM {})",
                expr(left),
                flag(*negated, " NOT"),
                expr(right)
            )
        }
        K::IsJson {
            operand,
            kind,
            negated,
        } => {
            let kind = format!("{kind:?}").to_uppercase();
            format!("({} IS{} JSON {kind})", expr(operand), flag(*negated, " NOT"))
        }
        K::Between {
            operand,
            low,
            high,
            symmetric,
            negated,
        } => format!(
            "({}{} BETWEEN {} {} AND {})",
            expr(operand),
            flag(*negated, " NOT"),
            if *symmetric { "SYMMETRIC" } else { "ASYMMETRIC" },
            expr(low),
            expr(high)
        ),
        K::InList {
            operand,
            list: of,
            negated,
        } => {
            format!("({}{} IN ({}))", expr(operand), flag(*negated, " NOT"), list(of))
        }
        K::InSubquery {
            operand,
            query: of,
            negated,
        } => {
            format!("({}{} IN ({}))", expr(operand), flag(*negated, " NOT"), query(of))
        }
        K::Exists { query: of } => format!("(EXISTS ({}))", query(of)),
        K::ScalarSubquery(of) => format!("({})", query(of)),
        K::Like {
            operand,
            pattern,
            escape,
            similar,
            negated,
        } => format!(
            "({}{} {} {}{})",
            expr(operand),
            flag(*negated, " NOT"),
            if *similar { "SIMILAR TO" } else { "LIKE" },
            expr(pattern),
            escape
                .as_ref()
                .map(|of| format!(" ESCAPE {}", expr(of)))
                .unwrap_or_default()
        ),
        K::Case {
            operand,
            branches,
            otherwise,
        } => {
            let mut out = "(CASE".to_string();
            out += &operand
                .as_ref()
                .map(|of| format!(" {}", expr(of)))
                .unwrap_or_default();
            for (when, then) in branches {
                out += &format!(" WHEN {} THEN {}", expr(when), expr(then));
            }
            out += &otherwise
                .as_ref()
                .map(|of| format!(" ELSE {}", expr(of)))
                .unwrap_or_default();
            out + " END)"
        }
        K::Cast {
            operand,
            data_type,
            is_try,
        } => {
            format!(
                "{}CAST({} AS {})",
                flag(*is_try, "TRY_"),
                expr(operand),
                data_type.data_type
            )
        }
        K::Function(of) => call(of),
        K::Extract { unit, operand } => format!("EXTRACT({unit:?} FROM {})", expr(operand)),
        K::RoundToUnit {
            function,
            operand,
            unit,
        } => {
            format!("{}({} TO {unit:?})", ident(function), expr(operand))
        }
        K::Position {
            needle,
            haystack,
            from,
        } => format!(
            "POSITION({} IN {}{})",
            expr(needle),
            expr(haystack),
            from.as_ref()
                .map(|of| format!(" FROM {}", expr(of)))
                .unwrap_or_default()
        ),
        K::Trim {
            side,
            characters,
            operand,
        } => format!(
            "TRIM({} {}FROM {})",
            format!("{side:?}").to_uppercase(),
            characters
                .as_ref()
                .map(|of| format!("{} ", expr(of)))
                .unwrap_or_default(),
            expr(operand)
        ),
        K::Overlaps { left, right } => format!(
            "(({}, {}) OVERLAPS ({}, {}))",
            expr(&left.0),
            expr(&left.1),
            expr(&right.0),
            expr(&right.1)
        ),
        K::Row { fields, explicit } => format!("({}({}))", flag(*explicit, "ROW"), list(fields)),
        K::Array(items) => format!("ARRAY[{}]", list(items)),
        K::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", expr(key), expr(value)))
                .collect();
            format!("MAP[{}]", entries.join(", "))
        }
        K::Index { operand, index } => format!("{}[{}]", expr(operand), expr(index)),
        K::Field { operand, field } => format!("({}.{})", expr(operand), ident(field)),
        K::Difference {
            left,
            right,
            data_type,
        } => format!(
            "({} - {} AS {})",
            expr(left),
            expr(right),
            data_type.data_type.kind
        ),
    }
}

fn literal(of: &Literal) -> String {
    match of {
        Literal::Null => "NULL".to_string(),
        Literal::Boolean(value) => value.to_string().to_uppercase(),
        Literal::Integer(digits) => digits.clone(),
        Literal::Decimal(digits) => format!("{digits}d"),
        Literal::Double(digits) => format!("{digits}f"),
        Literal::String(value) => format!("'{value}'"),
        Literal::Bytes(bytes) => format!(
            "X'{}'",
            bytes.iter().map(|b| format!("{b:02X}")).collect::<String>()
        ),
        Literal::Date(of) => format!("DATE {}", text(of)),
        Literal::Time(of) => format!("TIME {}", text(of)),
        Literal::Timestamp(of) => format!("TIMESTAMP {}", text(of)),
        Literal::Interval(of) => format!(
            "INTERVAL {}{} {:?}{}{}{}",
            flag(of.negative, "-"),
            text(&of.text),
            of.from,
            of.from_precision.map(|p| format!("({p})")).unwrap_or_default(),
            of.to.map(|unit| format!(" TO {unit:?}")).unwrap_or_default(),
            of.to_precision.map(|p| format!("({p})")).unwrap_or_default()
        ),
    }
}

fn call(of: &FunctionCall) -> String {
    let arguments: Vec<String> = of.arguments.iter().map(argument).collect();
    let mut inside = flag(of.distinct, "DISTINCT ").to_string() + &arguments.join(", ");
    inside += &order_by(" ORDER BY ", &of.order_by);
    if let Some(json) = &of.json {
        inside += &json_clauses(json);
    }
    let mut out = if of.parentheses {
        format!("{}({inside})", name(&of.name))
    } else {
        format!("{}{}{inside}", name(&of.name), flag(!inside.is_empty(), " "))
    };
    if !of.within_group.is_empty() {
        out += &format!(" WITHIN GROUP ({})", order_by("ORDER BY ", &of.within_group));
    }
    if let Some(nulls) = of.null_treatment {
        out += &format!(" {} NULLS", format!("{nulls:?}").to_uppercase());
    }
    if let Some(filter) = &of.filter {
        out += &format!(" FILTER (WHERE {})", expr(filter));
    }
    match &of.over {
        None => out,
        Some(OverClause::Named(of)) => format!("({out} OVER {})", ident(of)),
        Some(OverClause::Inline(of)) => format!("({out} OVER {})", over_window(of)),
    }
}

fn argument(of: &Argument) -> String {
    let value = match &of.value {
        ArgumentValue::Expression(of) => expr(of),
        ArgumentValue::Wildcard => "*".to_string(),
        ArgumentValue::Table {
            table: of,
            partition_by,
            order_by: by,
        } => format!(
            "TABLE {}{}{}",
            table(of),
            if partition_by.is_empty() {
                String::new()
            } else {
                format!(" PARTITION BY ({})", list(partition_by))
            },
            order_by(" ORDER BY ", by)
        ),
        ArgumentValue::Descriptor(columns) => format!("DESCRIPTOR{}", names("", columns)),
        ArgumentValue::Unit(unit) => format!("{unit:?}"),
        ArgumentValue::Default => "DEFAULT".to_string(),
        ArgumentValue::KeyValue { key, value } => format!("KEY {} VALUE {}", expr(key), expr(value)),
    };
    of.name
        .as_ref()
        .map(|of| format!("{} => ", ident(of)))
        .unwrap_or_default()
        + &value
}

fn json_clauses(of: &JsonClauses) -> String {
    let behavior = |of: &JsonBehavior| match of {
        JsonBehavior::Default(of) => format!("DEFAULT {}", expr(of)),
        other => format!("{other:?}").to_uppercase(),
    };
    let mut out = String::new();
    out += &of
        .returning
        .as_ref()
        .map(|of| format!(" RETURNING {}", of.data_type))
        .unwrap_or_default();
    out += &of.wrapper.map(|of| format!(" {of:?}")).unwrap_or_default();
    out += &of
        .on_empty
        .as_ref()
        .map(|of| format!(" {} ON EMPTY", behavior(of)))
        .unwrap_or_default();
    out += &of
        .on_error
        .as_ref()
        .map(|of| format!(" {} ON ERROR", behavior(of)))
        .unwrap_or_default();
    out += of
        .null_on_null
        .map_or("", |null| if null { " NULL ON NULL" } else { " ABSENT ON NULL" });
    out
}

fn over_window(of: &OverWindow) -> String {
    let mut parts = Vec::new();
    parts.extend(of.base.as_ref().map(ident));
    if !of.partition_by.is_empty() {
        parts.push(format!("PARTITION BY {}", list(&of.partition_by)));
    }
    if !of.order_by.is_empty() {
        parts.push(order_by("ORDER BY ", &of.order_by));
    }
    if let Some(frame) = &of.frame {
        let rows = if frame.rows { "ROWS" } else { "RANGE" };
        parts.push(match &frame.end {
            None => format!("{rows} {}", bound(&frame.start)),
            Some(end) => format!("{rows} BETWEEN {} AND {}", bound(&frame.start), bound(end)),
        });
    }
    format!("({})", parts.join(" "))
}

fn bound(of: &FrameBound) -> String {
    match of {
        FrameBound::UnboundedPreceding => "UNBOUNDED PRECEDING".to_string(),
        FrameBound::Preceding(of) => format!("{} PRECEDING", expr(of)),
        FrameBound::CurrentRow => "CURRENT ROW".to_string(),
        FrameBound::Following(of) => format!("{} FOLLOWING", expr(of)),
        FrameBound::UnboundedFollowing => "UNBOUNDED FOLLOWING".to_string(),
    }
}

fn order_by(lead: &str, items: &[OrderItem]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let items: Vec<String> = items
        .iter()
        .map(|item| {
            let nulls = item
                .nulls_first
                .map_or("", |first| if first { " NULLS FIRST" } else { " NULLS LAST" });
            format!(
                "{}{}{nulls}",
                expr(&item.expression),
                flag(item.descending, " DESC")
            )
        })
        .collect();
    format!("{lead}{}", items.join(", "))
}

fn hints(hints: &[Hint]) -> String {
    if hints.is_empty() {
        return String::new();
    }
    let hints: Vec<String> = hints
        .iter()
        .map(|of| {
            let options = of
                .options
                .iter()
                .map(|o| format!("{} = {}", text(&o.key), text(&o.value)));
            let all: Vec<String> = options.chain(of.arguments.iter().map(text)).collect();
            format!("{}({})", ident(&of.name), all.join(", "))
        })
        .collect();
    format!(" /*+ {} */", hints.join(", "))
}

fn with(options: &[OptionEntry]) -> String {
    if options.is_empty() {
        String::new()
    } else {
        format!(" WITH {}", entries(options))
    }
}

fn entries(options: &[OptionEntry]) -> String {
    let entries: Vec<String> = options
        .iter()
        .map(|o| format!("{} = {}", text(&o.key), text(&o.value)))
        .collect();
    format!("({})", entries.join(", "))
}

fn comment(of: &Option<Text>) -> String {
    of.as_ref()
        .map(|of| format!(" COMMENT {}", text(of)))
        .unwrap_or_default()
}

fn list(of: &[Expr]) -> String {
    of.iter().map(expr).collect::<Vec<_>>().join(", ")
}

fn text(of: &Text) -> String {
    format!("'{}'", of.value)
}

fn names(lead: &str, of: &[Ident]) -> String {
    if of.is_empty() {
        return String::new();
    }
    format!("{lead}({})", of.iter().map(ident).collect::<Vec<_>>().join(", "))
}

fn name(of: &ObjectName) -> String {
    of.parts.iter().map(ident).collect::<Vec<_>>().join(".")
}

fn ident(of: &Ident) -> String {
    if of.quoted {
        format!("`{}`", of.name)
    } else {
        of.name.clone()
    }
}

fn flag(on: bool, word: &str) -> &str {
    if on { word } else { "" }
}

fn function_body(body: &FunctionBody) -> String {
    match body {
        FunctionBody::Class {
            class,
            language,
            jars,
        } => {
            let language = language.as_ref().map(|l| format!(" LANGUAGE {}", ident(l)));
            let jars: Vec<String> = jars.iter().map(|jar| format!("JAR {}", text(jar))).collect();
            let using = if jars.is_empty() {
                String::new()
            } else {
                format!(" USING {}", jars.join(", "))
            };
            format!("AS {}{}{using}", text(class), language.unwrap_or_default())
        }
        FunctionBody::Sql(body) => {
            let parameters: Vec<String> = body
                .parameters
                .iter()
                .map(|(parameter, data_type)| format!("{} {}", ident(parameter), data_type.data_type))
                .collect();
            format!(
                "({}) RETURNS {} RETURN {}",
                parameters.join(", "),
                body.returns.data_type,
                expr(&body.expression)
            )
        }
    }
}

//! The syntax tree of Flink SQL.
//!
//! Every node knows its place in the text. Whatever the parser accepts has a field here, and whoever reads a
//! node must take every field of it or refuse it with a diagnostic: nothing is dropped on the way.

use model::{DataType, Span};

/// A name as it was written, without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ident {
    pub name: String,
    pub quoted: bool,
    pub span: Span,
}

/// `catalog.database.table`, one to three parts (more for a path of fields in an expression).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectName {
    pub parts: Vec<Ident>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TypeName {
    pub data_type: DataType,
    pub span: Span,
}

/// A string literal, its quotes removed and its doubled quotes halved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub value: String,
    pub span: Span,
}

/// `'key' = 'value'`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionEntry {
    pub key: Text,
    pub value: Text,
}

// ---------------------------------------------------------------------------------------------- statements

#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub kind: StatementKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum StatementKind {
    CreateTable(CreateTable),
    CreateView(CreateView),
    CreateCatalog {
        name: Ident,
        if_not_exists: bool,
        comment: Option<Text>,
        options: Vec<OptionEntry>,
    },
    CreateDatabase {
        name: ObjectName,
        if_not_exists: bool,
        comment: Option<Text>,
        options: Vec<OptionEntry>,
    },
    CreateFunction(CreateFunction),
    DropTable {
        name: ObjectName,
        temporary: bool,
        if_exists: bool,
    },
    DropView {
        name: ObjectName,
        temporary: bool,
        if_exists: bool,
    },
    DropCatalog {
        name: Ident,
        if_exists: bool,
    },
    DropDatabase {
        name: ObjectName,
        if_exists: bool,
        cascade: bool,
    },
    DropFunction {
        name: ObjectName,
        temporary: bool,
        system: bool,
        if_exists: bool,
    },
    AlterTable {
        name: ObjectName,
        if_exists: bool,
        action: AlterTable,
    },
    AlterView {
        name: ObjectName,
        action: AlterView,
    },
    AlterDatabase {
        name: ObjectName,
        options: Vec<OptionEntry>,
    },
    UseCatalog(Ident),
    UseDatabase(ObjectName),
    Show(Show),
    Describe {
        name: ObjectName,
        extended: bool,
    },
    DescribeFunction {
        name: ObjectName,
        extended: bool,
    },
    Set(Option<(Text, Text)>),
    Reset(Option<Text>),
    Query(Query),
    Insert(Insert),
    StatementSet {
        inserts: Vec<Insert>,
    },
    Explain {
        details: Vec<ExplainDetail>,
        statement: Box<Statement>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExplainDetail {
    EstimatedCost,
    ChangelogMode,
    JsonExecutionPlan,
    PlanAdvice,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CreateTable {
    pub name: ObjectName,
    pub temporary: bool,
    pub if_not_exists: bool,
    pub elements: Vec<TableElement>,
    pub comment: Option<Text>,
    pub distribution: Option<Distribution>,
    pub partitioned_by: Vec<Ident>,
    pub options: Vec<OptionEntry>,
    pub like: Option<LikeClause>,
    /// `CREATE TABLE t (b, a) ... AS SELECT`: names only, in the order that the table shall have. `elements` is
    /// empty then.
    pub column_order: Vec<Ident>,
    /// `CREATE TABLE t ... AS SELECT`.
    pub query: Option<Query>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    pub kind: DistributionKind,
    pub columns: Vec<Ident>,
    pub buckets: Option<u32>,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DistributionKind {
    Hash,
    Range,
    Unspecified,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TableElement {
    Column(ColumnDefinition),
    Watermark(WatermarkDefinition),
    PrimaryKey(PrimaryKey),
}

#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDefinition {
    pub name: Ident,
    pub kind: ColumnKind,
    pub comment: Option<Text>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ColumnKind {
    Physical {
        data_type: TypeName,
        /// `PRIMARY KEY NOT ENFORCED` on the column itself.
        primary_key: Option<PrimaryKey>,
    },
    Computed(Expr),
    Metadata {
        data_type: TypeName,
        key: Option<Text>,
        is_virtual: bool,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct WatermarkDefinition {
    /// The column, or a path into a nested one.
    pub column: ObjectName,
    pub expression: Expr,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PrimaryKey {
    pub constraint: Option<Ident>,
    /// Empty where the constraint stands on a column.
    pub columns: Vec<Ident>,
    /// Flink wants `NOT ENFORCED`; the parser tells what was written.
    pub not_enforced: bool,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct LikeClause {
    pub table: ObjectName,
    pub options: Vec<LikeOption>,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LikeOption {
    pub merge: LikeMerge,
    pub feature: LikeFeature,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LikeMerge {
    Including,
    Excluding,
    Overwriting,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LikeFeature {
    All,
    Constraints,
    Distribution,
    Generated,
    Metadata,
    Options,
    Partitions,
    Watermarks,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CreateView {
    pub name: ObjectName,
    pub temporary: bool,
    pub if_not_exists: bool,
    pub columns: Vec<Ident>,
    pub comment: Option<Text>,
    pub query: Query,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CreateFunction {
    pub name: ObjectName,
    pub temporary: bool,
    pub system: bool,
    pub if_not_exists: bool,
    pub body: FunctionBody,
}

#[derive(Debug, Clone, PartialEq)]
pub enum FunctionBody {
    /// `AS 'class' [LANGUAGE JAVA] [USING JAR ...]`: parsed so that the refusal can say what to do instead.
    Class {
        class: Text,
        language: Option<Ident>,
        jars: Vec<Text>,
    },
    /// `(x INT) RETURNS INT [LANGUAGE SQL] RETURN x + 1`, which Flink does not know.
    Sql(Box<SqlBody>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct SqlBody {
    pub parameters: Vec<(Ident, TypeName)>,
    pub returns: TypeName,
    pub expression: Expr,
}

#[derive(Debug, Clone, PartialEq)]
pub enum AlterTable {
    RenameTo(ObjectName),
    RenameColumn { from: Ident, to: Ident },
    SetOptions(Vec<OptionEntry>),
    ResetOptions(Vec<Text>),
    Add(Vec<AlterElement>),
    Modify(Vec<AlterElement>),
    DropColumns(Vec<Ident>),
    DropWatermark,
    DropPrimaryKey,
    DropConstraint(Ident),
    AddDistribution(Distribution),
    ModifyDistribution(Distribution),
    DropDistribution,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AlterElement {
    pub element: TableElement,
    pub position: Option<ColumnPosition>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ColumnPosition {
    First,
    After(Ident),
}

#[derive(Debug, Clone, PartialEq)]
pub enum AlterView {
    RenameTo(ObjectName),
    As(Query),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Show {
    pub what: ShowKind,
    /// `FROM | IN name`
    pub from: Option<ObjectName>,
    pub like: Option<ShowLike>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ShowKind {
    Catalogs,
    CurrentCatalog,
    Databases,
    CurrentDatabase,
    Tables,
    Views,
    Columns,
    Functions { user: bool },
    Modules { full: bool },
    Partitions(ObjectName),
    CreateTable(ObjectName),
    CreateView(ObjectName),
    CreateFunction(ObjectName),
    CreateCatalog(Ident),
    Jobs,
    Jars,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ShowLike {
    pub negated: bool,
    pub ignore_case: bool,
    pub pattern: Text,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    pub table: ObjectName,
    pub overwrite: bool,
    pub hints: Vec<Hint>,
    /// `PARTITION (a = 1)`
    pub partition: Vec<(Ident, Expr)>,
    pub columns: Vec<Ident>,
    pub query: Query,
    /// `ON CONFLICT DO ...`
    pub on_conflict: Option<OnConflict>,
    pub span: Span,
}

/// What a sink does with rows of the same primary key but of different upsert keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    Nothing,
    Error,
    Deduplicate,
}

// -------------------------------------------------------------------------------------------------- queries

#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub ctes: Vec<Cte>,
    pub recursive: bool,
    pub body: QueryBody,
    pub order_by: Vec<OrderItem>,
    pub limit: Option<Expr>,
    pub offset: Option<Expr>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Cte {
    pub name: Ident,
    pub columns: Vec<Ident>,
    pub query: Query,
}

#[derive(Debug, Clone, PartialEq)]
pub enum QueryBody {
    Select(Box<Select>),
    Values {
        rows: Vec<Vec<Expr>>,
        span: Span,
    },
    SetOperation {
        operator: SetOperator,
        all: bool,
        left: Box<QueryBody>,
        right: Box<QueryBody>,
        span: Span,
    },
    /// A query in parentheses.
    Nested(Box<Query>),
    /// `TABLE name`
    Table(ObjectName),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetOperator {
    Union,
    Intersect,
    Except,
}

#[derive(Debug, Clone, PartialEq)]
pub struct OrderItem {
    pub expression: Expr,
    pub descending: bool,
    pub nulls_first: Option<bool>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    pub hints: Vec<Hint>,
    pub distinct: bool,
    pub items: Vec<SelectItem>,
    pub from: Option<TableRef>,
    pub filter: Option<Expr>,
    pub group_by: Vec<GroupItem>,
    pub having: Option<Expr>,
    /// `WINDOW w AS (...)`
    pub windows: Vec<(Ident, OverWindow)>,
    pub qualify: Option<Expr>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum SelectItem {
    /// `*` or `t.*`
    Wildcard {
        qualifier: Option<ObjectName>,
        span: Span,
    },
    Expression {
        expression: Expr,
        alias: Option<Ident>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub enum GroupItem {
    Expression(Expr),
    GroupingSets {
        sets: Vec<GroupItem>,
        span: Span,
    },
    Rollup {
        items: Vec<GroupItem>,
        span: Span,
    },
    Cube {
        items: Vec<GroupItem>,
        span: Span,
    },
    /// `(a, b)` or `()`
    Tuple {
        items: Vec<Expr>,
        span: Span,
    },
}

/// `/*+ NAME('k' = 'v', ...) */` or `/*+ NAME(a, b) */`
#[derive(Debug, Clone, PartialEq)]
pub struct Hint {
    pub name: Ident,
    pub options: Vec<OptionEntry>,
    pub arguments: Vec<Text>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TableAlias {
    pub name: Ident,
    pub columns: Vec<Ident>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TableRef {
    pub kind: TableRefKind,
    pub alias: Option<TableAlias>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TableRefKind {
    Table {
        name: ObjectName,
        hints: Vec<Hint>,
        /// `FOR SYSTEM_TIME AS OF expression`
        system_time: Option<Expr>,
    },
    Subquery {
        query: Box<Query>,
        lateral: bool,
    },
    /// `TABLE(f(...))`, `LATERAL TABLE(f(...))`, or plain `f(...)`.
    Function {
        call: FunctionCall,
        lateral: bool,
    },
    Unnest {
        expression: Expr,
        with_ordinality: bool,
    },
    Join {
        left: Box<TableRef>,
        right: Box<TableRef>,
        kind: JoinKind,
        constraint: JoinConstraint,
    },
    MatchRecognize(Box<MatchRecognize>),
    /// A table in parentheses.
    Nested(Box<TableRef>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
    Cross,
    /// A comma in FROM.
    Comma,
}

#[derive(Debug, Clone, PartialEq)]
pub enum JoinConstraint {
    None,
    Natural,
    On(Expr),
    Using(Vec<Ident>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct MatchRecognize {
    pub table: TableRef,
    pub partition_by: Vec<Expr>,
    pub order_by: Vec<OrderItem>,
    pub measures: Vec<(Expr, Ident)>,
    pub all_rows_per_match: bool,
    pub after_match: Option<AfterMatch>,
    pub pattern: Pattern,
    pub within: Option<Expr>,
    pub define: Vec<(Ident, Expr)>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum AfterMatch {
    PastLastRow,
    ToNextRow,
    ToFirst(Ident),
    ToLast(Ident),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Pattern {
    Variable(Ident),
    Concat(Vec<Pattern>),
    Alternation(Vec<Pattern>),
    Repeat {
        pattern: Box<Pattern>,
        min: u32,
        max: Option<u32>,
        reluctant: bool,
    },
    /// `{- p -}`
    Exclude(Box<Pattern>),
}

// ---------------------------------------------------------------------------------------------- expressions

#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// `a`, `t.a`, `t.row.field`: which part is what, the binder decides.
    Name(ObjectName),
    Literal(Literal),
    Unary {
        operator: UnaryOperator,
        operand: Box<Expr>,
    },
    /// Long chains of AND and of OR are balanced trees, all others lean to the left.
    Binary {
        operator: BinaryOperator,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    IsNull {
        operand: Box<Expr>,
        negated: bool,
    },
    /// `IS [NOT] TRUE | FALSE | UNKNOWN`; `value` is `None` for UNKNOWN.
    IsTruth {
        operand: Box<Expr>,
        value: Option<bool>,
        negated: bool,
    },
    IsDistinctFrom {
        left: Box<Expr>,
        right: Box<Expr>,
        negated: bool,
    },
    IsJson {
        operand: Box<Expr>,
        kind: JsonKind,
        negated: bool,
    },
    Between {
        operand: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
        symmetric: bool,
        negated: bool,
    },
    InList {
        operand: Box<Expr>,
        list: Vec<Expr>,
        negated: bool,
    },
    InSubquery {
        operand: Box<Expr>,
        query: Box<Query>,
        negated: bool,
    },
    Exists {
        query: Box<Query>,
    },
    ScalarSubquery(Box<Query>),
    Like {
        operand: Box<Expr>,
        pattern: Box<Expr>,
        escape: Option<Box<Expr>>,
        similar: bool,
        negated: bool,
    },
    Case {
        operand: Option<Box<Expr>>,
        branches: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    /// `CAST(x AS T)` and `TRY_CAST(x AS T)`
    Cast {
        operand: Box<Expr>,
        data_type: TypeName,
        is_try: bool,
    },
    /// `(left - right) DAY TO SECOND`: two times, and the interval between them.
    Difference {
        left: Box<Expr>,
        right: Box<Expr>,
        data_type: TypeName,
    },
    Function(FunctionCall),
    /// `EXTRACT(unit FROM x)`
    Extract {
        unit: TimeUnit,
        operand: Box<Expr>,
    },
    /// `CEIL(x TO unit)` and `FLOOR(x TO unit)`
    RoundToUnit {
        function: Ident,
        operand: Box<Expr>,
        unit: TimeUnit,
    },
    /// `POSITION(a IN b)`
    Position {
        needle: Box<Expr>,
        haystack: Box<Expr>,
        from: Option<Box<Expr>>,
    },
    /// `TRIM([BOTH | LEADING | TRAILING] [characters] FROM x)`
    Trim {
        side: TrimSide,
        characters: Option<Box<Expr>>,
        operand: Box<Expr>,
    },
    /// `(a, b) OVERLAPS (c, d)`
    Overlaps {
        left: Box<(Expr, Expr)>,
        right: Box<(Expr, Expr)>,
    },
    /// `ROW(a, b)` or `(a, b)`
    Row {
        fields: Vec<Expr>,
        explicit: bool,
    },
    /// `ARRAY[a, b]`
    Array(Vec<Expr>),
    /// `MAP[k, v, ...]`
    Map(Vec<(Expr, Expr)>),
    /// `x[i]`
    Index {
        operand: Box<Expr>,
        index: Box<Expr>,
    },
    /// `f(x).field` or `(expression).field`
    Field {
        operand: Box<Expr>,
        field: Ident,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Null,
    Boolean(bool),
    /// Digits without point or exponent.
    Integer(String),
    /// With a point, without an exponent: an exact number.
    Decimal(String),
    /// With an exponent: a DOUBLE.
    Double(String),
    String(String),
    /// `X'0AFF'`
    Bytes(Vec<u8>),
    /// `DATE '2026-01-01'`: the text is checked by the binder.
    Date(Text),
    Time(Text),
    Timestamp(Text),
    Interval(IntervalLiteral),
}

/// `INTERVAL [-] '1 10:00:00' DAY [(p)] TO SECOND [(p)]`; in `SECOND(p, s)`, `s` is `to_precision` without `to`.
///
/// `INTERVAL x DAY` with anything but a string is a [`BinaryOperator::Multiply`] of `x` and `INTERVAL '1' DAY`.
#[derive(Debug, Clone, PartialEq)]
pub struct IntervalLiteral {
    pub negative: bool,
    pub text: Text,
    pub from: TimeUnit,
    pub from_precision: Option<u8>,
    pub to: Option<TimeUnit>,
    pub to_precision: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    Millennium,
    Century,
    Decade,
    Year,
    IsoYear,
    Quarter,
    Month,
    Week,
    Day,
    DayOfWeek,
    IsoDayOfWeek,
    DayOfYear,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
    Epoch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOperator {
    Plus,
    Minus,
    Not,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Multiply,
    Divide,
    Modulo,
    Concat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonKind {
    Value,
    Scalar,
    Array,
    Object,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrimSide {
    Both,
    Leading,
    Trailing,
}

/// `name([DISTINCT] arguments [ORDER BY ...]) [FILTER (...)] [OVER ...]`
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionCall {
    pub name: ObjectName,
    /// False for `CURRENT_DATE` and its like, written without parentheses, and for FINAL and RUNNING of
    /// MATCH_RECOGNIZE, whose one argument is the call behind them.
    pub parentheses: bool,
    pub distinct: bool,
    pub arguments: Vec<Argument>,
    pub order_by: Vec<OrderItem>,
    /// `WITHIN GROUP (ORDER BY ...)`
    pub within_group: Vec<OrderItem>,
    pub null_treatment: Option<NullTreatment>,
    pub filter: Option<Box<Expr>>,
    pub over: Option<OverClause>,
    /// JSON_VALUE's and its like's `RETURNING`, `ON EMPTY`, `ON ERROR` and so on.
    pub json: Option<JsonClauses>,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NullTreatment {
    Respect,
    Ignore,
}

/// A positional or named (`name => value`) argument.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    pub name: Option<Ident>,
    pub value: ArgumentValue,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ArgumentValue {
    Expression(Expr),
    /// `*` in `COUNT(*)`
    Wildcard,
    /// `TABLE t [PARTITION BY ...] [ORDER BY ...]` or `(SELECT ...)` as a table argument of a table function.
    Table {
        table: Box<TableRef>,
        partition_by: Vec<Expr>,
        order_by: Vec<OrderItem>,
    },
    /// `DESCRIPTOR(a, b)`
    Descriptor(Vec<Ident>),
    /// A bare unit such as `DAY` in `TIMESTAMPDIFF(DAY, a, b)`.
    Unit(TimeUnit),
    /// `DEFAULT`
    Default,
    /// `KEY k VALUE v`, `'k' VALUE v`, `k : v` in JSON_OBJECT.
    KeyValue {
        key: Expr,
        value: Expr,
    },
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct JsonClauses {
    pub returning: Option<TypeName>,
    pub on_empty: Option<JsonBehavior>,
    pub on_error: Option<JsonBehavior>,
    pub wrapper: Option<JsonWrapper>,
    /// `NULL ON NULL` is `Some(true)`, `ABSENT ON NULL` is `Some(false)`.
    pub null_on_null: Option<bool>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum JsonBehavior {
    Null,
    Error,
    True,
    False,
    Unknown,
    EmptyArray,
    EmptyObject,
    Default(Box<Expr>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonWrapper {
    Without,
    WithConditional,
    WithUnconditional,
}

#[derive(Debug, Clone, PartialEq)]
pub enum OverClause {
    Named(Ident),
    Inline(OverWindow),
}

#[derive(Debug, Clone, PartialEq)]
pub struct OverWindow {
    /// A named window this one refines.
    pub base: Option<Ident>,
    pub partition_by: Vec<Expr>,
    pub order_by: Vec<OrderItem>,
    pub frame: Option<OverFrame>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct OverFrame {
    /// ROWS, else RANGE.
    pub rows: bool,
    pub start: FrameBound,
    pub end: Option<FrameBound>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum FrameBound {
    UnboundedPreceding,
    Preceding(Box<Expr>),
    CurrentRow,
    Following(Box<Expr>),
    UnboundedFollowing,
}

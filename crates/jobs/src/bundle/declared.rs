//! What a bundle says a workspace should be, read from its files, with the place of every word that can be wrong.

use std::collections::BTreeMap;

use model::phase::DesiredState;
use model::suggest::did_you_mean;
use model::{Diagnostic, Span};
use runner::Connection;

use super::files::{self, Kind};
use super::yaml::{self, Entry, Node, Value};
use super::{Bundle, FileDiagnostic};

/// Of the layout of bundles. A bundle of a later one is refused.
pub const FORMAT: u64 = 1;

#[derive(Debug, Clone, Default)]
pub struct Declared {
    /// `None` if there is no such file.
    pub catalog: Option<String>,
    pub connections: BTreeMap<String, DeclaredConnection>,
    pub jobs: BTreeMap<String, DeclaredJob>,
    pub secrets: Vec<DeclaredSecret>,
}

#[derive(Debug, Clone)]
pub struct DeclaredConnection {
    pub file: String,
    pub name_span: Span,
    pub kind: String,
    pub kind_span: Span,
    pub options: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
pub struct DeclaredJob {
    /// Of its text.
    pub sql_file: String,
    /// Of all else; that of the text if there is none.
    pub file: String,
    pub name_span: Span,
    pub sql: String,
    pub settings: BTreeMap<String, String>,
    /// Of each setting's key and value.
    pub setting_spans: BTreeMap<String, Span>,
    /// Whether the text is to be kept as a version. Else it is still being worked on.
    pub is_versioned: bool,
    pub deployments: Vec<DeclaredDeployment>,
}

#[derive(Debug, Clone)]
pub struct DeclaredDeployment {
    pub name: String,
    pub name_span: Span,
    pub desired: DesiredState,
    /// `None`: the machine of the server.
    pub cluster: Option<String>,
    pub cluster_span: Span,
    pub parallelism: Option<u32>,
    pub parallelism_span: Span,
    /// `None`: the version of the job's text here.
    pub version: Option<u32>,
    pub version_span: Span,
}

#[derive(Debug, Clone)]
pub struct DeclaredSecret {
    pub name: String,
    pub span: Span,
}

impl DeclaredConnection {
    pub fn connection(&self) -> Connection {
        Connection {
            kind: self.kind.clone(),
            options: self.options.clone(),
        }
    }
}

/// Reads all files. Faults of all of them are told at once.
pub fn read(bundle: &Bundle) -> Result<Declared, Vec<FileDiagnostic>> {
    let files = files::classify(&bundle.files)?;
    let mut reader = Reader {
        bundle,
        declared: Declared::default(),
        found: Vec::new(),
    };
    let mut has_workspace = false;
    let mut texts = BTreeMap::new();
    let mut settings = BTreeMap::new();
    for (kind, path, text) in files {
        match kind {
            Kind::Workspace => {
                has_workspace = true;
                reader.workspace(path, text);
            }
            Kind::Catalog => reader.declared.catalog = Some(text.to_string()),
            Kind::Secrets => reader.secrets(path, text),
            Kind::Connection { stem } => reader.connection(path, stem, text),
            Kind::JobText { stem } => {
                texts.insert(stem, (path, text));
            }
            Kind::JobSettings { stem } => {
                settings.insert(stem, (path, text));
            }
            Kind::Note => {}
        }
    }
    if !has_workspace {
        let missing = format!("there is no {}", files::WORKSPACE);
        let hint = format!("a bundle has a {} with 'format: {FORMAT}'", files::WORKSPACE);
        reader
            .found
            .push(FileDiagnostic::without_file(missing).hint(hint));
    }
    for (stem, &(path, _)) in settings.iter().filter(|(stem, _)| !texts.contains_key(*stem)) {
        let missing = Diagnostic::validation(
            Span::new(0, 0),
            format!("the job's text jobs/{stem}.sql is missing"),
        );
        reader.found.push(FileDiagnostic::of(path, "", &missing));
    }
    for (stem, (path, text)) in texts {
        reader.job(stem, path, text, settings.get(stem).copied());
    }
    reader.refuse_shared_deployments();
    if reader.found.is_empty() {
        Ok(reader.declared)
    } else {
        Err(reader.found)
    }
}

struct Reader<'a> {
    bundle: &'a Bundle,
    declared: Declared,
    found: Vec<FileDiagnostic>,
}

/// A mapping of one file, and where its faults go.
struct Fields<'a> {
    file: &'a str,
    text: &'a str,
    entries: &'a [Entry],
    span: Span,
    found: &'a mut Vec<FileDiagnostic>,
}

impl Reader<'_> {
    fn workspace(&mut self, file: &str, text: &str) {
        let Some(node) = self.parse(file, text) else {
            return;
        };
        let Some(mut fields) = Fields::of(file, text, &node, &["format"], &mut self.found) else {
            return;
        };
        match fields.number("format") {
            Some((format, span)) if u64::from(format) != FORMAT => fields.fault(
                Diagnostic::validation(span, format!("format {format} is not known here, only {FORMAT}"))
                    .hint("the bundle was written by a newer version of oceanus"),
            ),
            Some(_) => {}
            None => fields.missing("format"),
        }
    }

    fn secrets(&mut self, file: &str, text: &str) {
        let Some(node) = self.parse(file, text) else {
            return;
        };
        let Some(mut fields) = Fields::of(file, text, &node, &["secrets"], &mut self.found) else {
            return;
        };
        for item in fields.list("secrets") {
            match &item.value {
                Value::Text(name) => self.declared.secrets.push(DeclaredSecret {
                    name: name.clone(),
                    span: item.span,
                }),
                other => fields.fault(
                    Diagnostic::validation(
                        item.span,
                        format!("this must be the name of a secret, not {}", other.kind()),
                    )
                    .hint("values of secrets never stand in a bundle"),
                ),
            }
        }
    }

    fn connection(&mut self, file: &str, stem: &str, text: &str) {
        let Some(node) = self.parse(file, text) else {
            return;
        };
        let known = ["name", "kind", "options"];
        let Some(mut fields) = Fields::of(file, text, &node, &known, &mut self.found) else {
            return;
        };
        let (name, name_span) = fields.text("name").unwrap_or((stem.to_string(), fields.span));
        fields.check(name_span, store::check::identifier("connection name", &name));
        let Some((kind, kind_span)) = fields.text("kind") else {
            fields.missing("kind");
            return;
        };
        fields.check(kind_span, store::check::identifier("connection kind", &kind));
        let (options, _) = fields.texts("options");
        let options_span = fields.span_of("options");
        fields.check(options_span, store::check::connection_options(&options).map(drop));
        let connection = DeclaredConnection {
            file: file.to_string(),
            name_span,
            kind,
            kind_span,
            options,
        };
        if let Some(other) = self.declared.connections.get(&name) {
            let fault = twice("connection", &name, name_span, &other.file);
            fields.fault(fault);
            return;
        }
        self.declared.connections.insert(name, connection);
    }

    fn job(&mut self, stem: &str, sql_file: &str, sql: &str, settings: Option<(&str, &str)>) {
        let mut job = DeclaredJob {
            sql_file: sql_file.to_string(),
            file: settings.map_or(sql_file, |(file, _)| file).to_string(),
            name_span: Span::new(0, 0),
            sql: sql.to_string(),
            settings: BTreeMap::new(),
            setting_spans: BTreeMap::new(),
            is_versioned: true,
            deployments: Vec::new(),
        };
        let mut name = stem.to_string();
        if let Err(fault) = store::check::sql("the text", sql) {
            let fault = Diagnostic::validation(Span::new(0, 0), fault.to_string());
            self.found.push(FileDiagnostic::of(sql_file, sql, &fault));
        }
        if let Some((file, text)) = settings {
            let Some(node) = self.parse(file, text) else {
                return;
            };
            let known = ["name", "versioned", "settings", "deployments"];
            let Some(mut fields) = Fields::of(file, text, &node, &known, &mut self.found) else {
                return;
            };
            if let Some((given, span)) = fields.text("name") {
                (name, job.name_span) = (given, span);
            }
            job.is_versioned = fields.boolean("versioned").unwrap_or(true);
            (job.settings, job.setting_spans) = fields.texts("settings");
            let settings_span = fields.span_of("settings");
            fields.check(
                settings_span,
                store::check::map("settings", &job.settings).map(drop),
            );
            for item in fields.list("deployments") {
                job.deployments.extend(deployment(file, text, item, fields.found));
            }
        }
        let (file, text) = settings.unwrap_or((sql_file, sql));
        if let Err(fault) = store::check::title("the job's name", &name) {
            let fault = Diagnostic::validation(job.name_span, fault.to_string());
            self.found.push(FileDiagnostic::of(file, text, &fault));
        }
        if let Some(other) = self.declared.jobs.get(&name) {
            let fault = twice("job", &name, job.name_span, &other.file);
            self.found.push(FileDiagnostic::of(file, text, &fault));
            return;
        }
        self.declared.jobs.insert(name, job);
    }

    /// A workspace has one deployment of a name, whatever job it runs.
    fn refuse_shared_deployments(&mut self) {
        let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
        for job in self.declared.jobs.values() {
            for deployment in &job.deployments {
                if let Some(other) = owners.insert(&deployment.name, &job.file) {
                    let fault = twice("deployment", &deployment.name, deployment.name_span, other);
                    self.found.push(self.bundle.fault(&job.file, &fault));
                }
            }
        }
    }

    fn parse(&mut self, file: &str, text: &str) -> Option<Node> {
        match yaml::read(text) {
            Ok(node) => Some(node),
            Err(fault) => {
                self.found.push(FileDiagnostic::of(file, text, &fault));
                None
            }
        }
    }
}

fn twice(noun: &str, name: &str, span: Span, other: &str) -> Diagnostic {
    Diagnostic::validation(span, format!("{noun} '{name}' is declared twice"))
        .hint(format!("the other one stands in {other}"))
}

fn deployment(
    file: &str,
    text: &str,
    node: &Node,
    found: &mut Vec<FileDiagnostic>,
) -> Option<DeclaredDeployment> {
    let known = ["name", "desired", "cluster", "parallelism", "version"];
    let mut fields = Fields::of(file, text, node, &known, found)?;
    let Some((name, name_span)) = fields.text("name") else {
        fields.missing("name");
        return None;
    };
    fields.check(name_span, store::check::title("the deployment's name", &name));
    let desired = fields.desired()?;
    let cluster = fields.text("cluster");
    let parallelism = fields.number("parallelism");
    let version = fields.number("version");
    Some(DeclaredDeployment {
        name,
        name_span,
        desired,
        cluster_span: cluster.as_ref().map_or(name_span, |(_, span)| *span),
        cluster: cluster.map(|(name, _)| name),
        parallelism: parallelism.map(|(number, _)| number),
        parallelism_span: parallelism.map_or(name_span, |(_, span)| span),
        version: version.map(|(number, _)| number),
        version_span: version.map_or(name_span, |(_, span)| span),
    })
}

impl<'a> Fields<'a> {
    /// `None` if the node is no mapping. Keys that are not known are told; the others can be read all the same.
    fn of(
        file: &'a str,
        text: &'a str,
        node: &'a Node,
        known: &[&str],
        found: &'a mut Vec<FileDiagnostic>,
    ) -> Option<Fields<'a>> {
        let entries: &[Entry] = match &node.value {
            Value::Map(entries) => entries,
            Value::Empty => &[],
            other => {
                let fault = Diagnostic::validation(
                    node.span,
                    format!("these must be keys with values, not {}", other.kind()),
                )
                .hint(format!("known keys are {}", known.join(", ")));
                found.push(FileDiagnostic::of(file, text, &fault));
                return None;
            }
        };
        let mut fields = Fields {
            file,
            text,
            entries,
            span: Span::new(node.span.start as usize, node.span.start as usize),
            found,
        };
        for entry in entries
            .iter()
            .filter(|entry| !known.contains(&entry.key.as_str()))
        {
            let hint = did_you_mean(&entry.key, known.iter().copied())
                .unwrap_or_else(|| format!("known keys are {}", known.join(", ")));
            fields.fault(
                Diagnostic::validation(entry.key_span, format!("key '{}' is not known here", entry.key))
                    .hint(hint),
            );
        }
        Some(fields)
    }

    fn fault(&mut self, fault: Diagnostic) {
        self.found.push(FileDiagnostic::of(self.file, self.text, &fault));
    }

    fn missing(&mut self, key: &str) {
        self.fault(
            Diagnostic::validation(self.span, format!("'{key}' is missing"))
                .hint(format!("add '{key}: ...'")),
        );
    }

    fn check(&mut self, span: Span, checked: store::Result<()>) {
        if let Err(fault) = checked {
            self.fault(Diagnostic::validation(span, fault.to_string()));
        }
    }

    /// The value of a key that is there and not empty.
    fn value(&self, key: &str) -> Option<&'a Node> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        (entry.value.value != Value::Empty).then_some(&entry.value)
    }

    fn span_of(&self, key: &str) -> Span {
        let entry = self.entries.iter().find(|entry| entry.key == key);
        entry.map_or(self.span, |entry| entry.key_span)
    }

    fn text(&mut self, key: &str) -> Option<(String, Span)> {
        let node = self.value(key)?;
        match &node.value {
            Value::Text(text) => Some((text.clone(), node.span)),
            other => {
                self.fault(Diagnostic::validation(
                    node.span,
                    format!("'{key}' must be a text, not {}", other.kind()),
                ));
                None
            }
        }
    }

    fn number(&mut self, key: &str) -> Option<(u32, Span)> {
        let (text, span) = self.text(key)?;
        match text.parse() {
            Ok(number) => Some((number, span)),
            Err(_) => {
                self.fault(Diagnostic::validation(
                    span,
                    format!("'{key}' must be a whole number, got '{text}'"),
                ));
                None
            }
        }
    }

    fn boolean(&mut self, key: &str) -> Option<bool> {
        let (text, span) = self.text(key)?;
        match text.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                self.fault(Diagnostic::validation(
                    span,
                    format!("'{key}' must be true or false, got '{text}'"),
                ));
                None
            }
        }
    }

    fn desired(&mut self) -> Option<DesiredState> {
        let Some((text, span)) = self.text("desired") else {
            self.missing("desired");
            return None;
        };
        match text.parse() {
            Ok(desired) => Some(desired),
            Err(_) => {
                let names = DesiredState::ALL.iter().map(|desired| desired.name());
                let hint = did_you_mean(&text, names.clone())
                    .unwrap_or_else(|| format!("known are {}", names.collect::<Vec<_>>().join(", ")));
                self.fault(
                    Diagnostic::validation(span, format!("'{text}' is nothing that can be desired"))
                        .hint(hint),
                );
                None
            }
        }
    }

    fn list(&mut self, key: &str) -> &'a [Node] {
        let Some(node) = self.value(key) else {
            return &[];
        };
        match &node.value {
            Value::List(items) => items,
            other => {
                self.fault(
                    Diagnostic::validation(
                        node.span,
                        format!("'{key}' must be a list, not {}", other.kind()),
                    )
                    .hint("each item stands on a line of its own behind '- '"),
                );
                &[]
            }
        }
    }

    /// Keys of any name with texts, and the place of each.
    fn texts(&mut self, key: &str) -> (BTreeMap<String, String>, BTreeMap<String, Span>) {
        let (mut texts, mut spans) = (BTreeMap::new(), BTreeMap::new());
        let Some(node) = self.value(key) else {
            return (texts, spans);
        };
        let Value::Map(entries) = &node.value else {
            self.fault(Diagnostic::validation(
                node.span,
                format!("'{key}' must be keys with values, not {}", node.value.kind()),
            ));
            return (texts, spans);
        };
        for entry in entries {
            match &entry.value.value {
                Value::Text(text) => {
                    texts.insert(entry.key.clone(), text.clone());
                    spans.insert(entry.key.clone(), entry.key_span.to(entry.value.span));
                }
                other => self.fault(
                    Diagnostic::validation(
                        entry.value.span,
                        format!("'{}' must be a text, not {}", entry.key, other.kind()),
                    )
                    .hint("an empty text is written as \"\""),
                ),
            }
        }
        (texts, spans)
    }
}

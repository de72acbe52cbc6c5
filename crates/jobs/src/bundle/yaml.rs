//! The YAML of bundles: mappings, lists and texts, nothing else.
//!
//! Every node knows its place. What could mean more than it shows is refused: anchors, aliases, tags, keys that are
//! no texts, a key that stands twice, a second document. A text means itself: `1.10` stays `1.10`, and `no` is no
//! truth value. Reading needs time and memory in proportion to the text, whatever stands in it.

use model::{Diagnostic, Span};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput, Tag};

/// Bytes of one file.
pub const YAML_BYTES_MAX: usize = 256 << 10;
/// Far more levels than a bundle has.
const DEPTH_MAX: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub span: Span,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing stands there, or `null`.
    Empty,
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    pub key_span: Span,
    pub value: Node,
}

impl Value {
    /// As messages name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Empty => "nothing",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "keys with values",
        }
    }
}

/// The one document of a text; a text with nothing in it is [`Value::Empty`].
pub fn read(text: &str) -> Result<Node, Diagnostic> {
    if text.len() > YAML_BYTES_MAX {
        let message = format!("the file has {} bytes, more than {YAML_BYTES_MAX}", text.len());
        return Err(Diagnostic::parse(Span::new(0, 0), message));
    }
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        places: Places::of(text),
    };
    reader.document()
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    places: Places,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Diagnostic> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                let span = Span::new(self.places.byte(&span.start), self.places.byte(&span.end));
                Ok((event, span))
            }
            Some(Err(fault)) => Err(self.not_yaml(&fault)),
            // Behind the end of the stream nothing is asked for.
            None => Ok((Event::StreamEnd, self.places.end())),
        }
    }

    fn not_yaml(&self, fault: &ScanError) -> Diagnostic {
        let at = self.places.byte(fault.marker());
        Diagnostic::parse(Span::new(at, at), format!("this is not YAML: {}", fault.info()))
            .hint("indent with blanks only, and put texts with special characters in double quotes")
    }

    fn document(&mut self) -> Result<Node, Diagnostic> {
        let mut document = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::Nothing | Event::DocumentEnd => {}
                Event::DocumentStart(_) if document.is_some() => {
                    return Err(Diagnostic::parse(span, "a file holds one document")
                        .hint("put what stands behind '---' into a file of its own"));
                }
                Event::DocumentStart(_) => {}
                Event::StreamEnd => {
                    let empty = Node {
                        span,
                        value: Value::Empty,
                    };
                    return Ok(document.unwrap_or(empty));
                }
                event => document = Some(self.node(event, span, DEPTH_MAX)?),
            }
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Diagnostic> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                refuse_extras(span, anchor, tag.as_deref())?;
                let is_empty = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null");
                let value = if is_empty {
                    Value::Empty
                } else {
                    Value::Text(text.into_owned())
                };
                Ok(Node { span, value })
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_extras(span, anchor, tag.as_deref())?;
                self.list(span, descend(span, depth)?)
            }
            Event::MappingStart(anchor, tag) => {
                refuse_extras(span, anchor, tag.as_deref())?;
                self.map(span, descend(span, depth)?)
            }
            Event::Alias(_) => Err(no_aliases(span)),
            _ => Err(Diagnostic::parse(span, "this is not YAML: a value is missing")),
        }
    }

    fn list(&mut self, start: Span, depth: usize) -> Result<Node, Diagnostic> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Node {
                    span: start.to(span),
                    value: Value::List(items),
                });
            }
            items.push(self.node(event, span, depth)?);
        }
    }

    fn map(&mut self, start: Span, depth: usize) -> Result<Node, Diagnostic> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut keys = std::collections::HashSet::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Node {
                    span: start.to(span),
                    value: Value::Map(entries),
                });
            }
            let key = self.node(event, span, depth)?;
            let Value::Text(name) = key.value else {
                return Err(Diagnostic::parse(
                    key.span,
                    format!("a key is a text, not {}", key.value.kind()),
                ));
            };
            if !keys.insert(name.clone()) {
                return Err(Diagnostic::parse(key.span, format!("'{name}' stands here twice"))
                    .hint("remove one of them"));
            }
            let (event, span) = self.next()?;
            entries.push(Entry {
                key: name,
                key_span: key.span,
                value: self.node(event, span, depth)?,
            });
        }
    }
}

fn descend(span: Span, depth: usize) -> Result<usize, Diagnostic> {
    depth
        .checked_sub(1)
        .ok_or_else(|| Diagnostic::parse(span, format!("values lie more than {DEPTH_MAX} levels deep")))
}

fn refuse_extras(span: Span, anchor: usize, tag: Option<&Tag>) -> Result<(), Diagnostic> {
    if anchor != 0 {
        return Err(no_aliases(span));
    }
    match tag {
        Some(_) => Err(Diagnostic::parse(span, "tags such as '!!str' are not taken here")
            .hint("put a text in double quotes to keep it a text")),
        None => Ok(()),
    }
}

fn no_aliases(span: Span) -> Diagnostic {
    Diagnostic::parse(span, "anchors and aliases ('&', '*') are not taken here")
        .hint("write the value out, or put a text that begins so in double quotes")
}

/// Where characters stand, in bytes. The parser counts characters, and a line break of two as one place each.
struct Places {
    /// Of every character, and of the end; empty if each character is one byte.
    bytes: Vec<u32>,
    end: usize,
}

impl Places {
    fn of(text: &str) -> Places {
        let bytes = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().map(|(byte, _)| byte as u32).collect()
        };
        Places {
            bytes,
            end: text.len(),
        }
    }

    fn byte(&self, marker: &Marker) -> usize {
        let index = marker.index();
        if self.bytes.is_empty() {
            return index.min(self.end);
        }
        self.bytes.get(index).map_or(self.end, |byte| *byte as usize)
    }

    fn end(&self) -> Span {
        Span::new(self.end, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A node as one line, places left out.
    fn shown(node: &Node) -> String {
        match &node.value {
            Value::Empty => "-".to_string(),
            Value::Text(text) => format!("{text:?}"),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(shown).collect();
                format!("[{}]", items.join(" "))
            }
            Value::Map(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|entry| format!("{}={}", entry.key, shown(&entry.value)))
                    .collect();
                format!("{{{}}}", entries.join(" "))
            }
        }
    }

    fn refused(text: &str) -> String {
        let fault = read(text).unwrap_err();
        let place = model::LineColumn::of(text, fault.span.unwrap().start as usize);
        format!("{}:{}: {}", place.line, place.column, fault.message)
    }

    #[test]
    fn texts_mean_themselves() {
        let text = "a: 1.10\nb: no\nc: \"x\\ny\"\nd:\ne: [x, 'y z']\nf:\n  - g: ~\n    h: 2026-01-01\n";
        assert_eq!(
            shown(&read(text).unwrap()),
            r#"{a="1.10" b="no" c="x\ny" d=- e=["x" "y z"] f=[{g=- h="2026-01-01"}]}"#
        );
        assert_eq!(shown(&read("").unwrap()), "-");
        assert_eq!(shown(&read("# nothing\n").unwrap()), "-");
    }

    #[test]
    fn places_count_bytes_whatever_stands_before() {
        let text = "näme: größe\r\nwert: [ä, ö]\r\n";
        let node = read(text).unwrap();
        let Value::Map(entries) = &node.value else {
            panic!("{node:?}");
        };
        let Value::List(items) = &entries[1].value.value else {
            panic!("{node:?}");
        };
        assert_eq!(entries[0].key_span.text(text), "näme");
        assert_eq!(entries[0].value.span.text(text), "größe");
        assert_eq!(items[1].span.text(text), "ö");
    }

    #[test]
    fn what_could_mean_more_than_it_shows_is_refused_at_its_place() {
        assert!(refused("a: &x 1").ends_with("anchors and aliases ('&', '*') are not taken here"));
        assert!(refused("a: 1\nb: *x").starts_with("2:4: "));
        assert!(refused("a: !!str 1").ends_with("tags such as '!!str' are not taken here"));
        assert_eq!(refused("a: 1\nb: 2\na: 3"), "3:1: 'a' stands here twice");
        assert!(refused("a: 1\n---\nb: 2").ends_with("a file holds one document"));
        assert!(refused("[a]: 1").ends_with("a key is a text, not a list"));
        assert!(refused("a: [1\nb: 2").contains("this is not YAML"));
    }

    #[test]
    fn bombs_do_not_go_off() {
        let mut laughs = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_string();
        for (name, before) in ('b'..='i').zip('a'..='h') {
            laughs.push_str(&format!(
                "{name}: &{name} [{}]\n",
                vec![format!("*{before}"); 9].join(",")
            ));
        }
        assert!(refused(&laughs).starts_with("1:"));
        assert!(refused(&"[".repeat(200)).contains("levels deep"));
        assert!(refused(&"- ".repeat(200)).contains("levels deep"));
        // More levels than the parser counts before it hands out the first.
        assert!(refused(&"{a: ".repeat(10_000)).starts_with("1:"));
        assert!(refused(&" ".repeat(YAML_BYTES_MAX + 1)).contains("more than"));
    }

    /// Whatever is put in a text comes back as a node or as a diagnostic whose place lies in it.
    #[test]
    fn damaged_texts_are_read_or_refused() {
        let whole = "name: \"Töp\"\nsettings:\n  a.b: 'x'\ndeployments:\n  - name: x\n    parallelism: 2\n";
        let mut random = stdx::Random::new(7);
        let characters: Vec<char> = ":-[]{}&*!|>'\"#%@` \n\r\tä?,~".chars().collect();
        for round in 0..5_000 {
            let mut text: Vec<char> = whole.chars().collect();
            for _ in 0..=random.next_u64() % 4 {
                let at = (random.next_u64() % text.len() as u64) as usize;
                text[at] = characters[(random.next_u64() % characters.len() as u64) as usize];
            }
            let text: String = text.into_iter().collect();
            if let Err(fault) = read(&text) {
                let span = fault.span.unwrap();
                assert!(
                    span.end as usize <= text.len(),
                    "round {round}: {text:?} {fault:?}"
                );
            }
        }
    }
}

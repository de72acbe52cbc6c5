//! What an object store answers in XML, as far as it matters here.
//!
//! Elements are found by their names whatever their name space: stores disagree about that.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};

use super::client::Fault;

/// Elements within each other; an answer has four.
const DEPTH_MAX: usize = 16;

/// One page of a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Keys and how many bytes each object has.
    pub objects: Vec<(String, u64)>,
    /// What keys have in common up to the delimiter.
    pub prefixes: Vec<String>,
    /// By what to ask for the next one.
    pub next: Option<String>,
}

/// One page of the uploads that have begun and not ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Uploads {
    /// Keys and ids.
    pub uploads: Vec<(String, String)>,
    /// The key and the id behind which the next one begins.
    pub next: Option<(String, String)>,
}

/// What the store calls an error, such as `NoSuchKey`; `None` if the text is no error. It may come from anybody.
pub fn error_code(text: &str) -> Option<String> {
    let error = parse(text, "Error").ok()?;
    Some(error.text("Code").unwrap_or_default().to_string())
}

/// Of `ListObjectsV2`.
pub fn page(text: &str) -> Result<Page, Fault> {
    let list = parse(text, "ListBucketResult")?;
    let mut page = Page::default();
    for object in list.all("Contents") {
        let bytes = object.required("Size")?;
        let bytes = bytes
            .parse()
            .map_err(|_| Fault::strange("an object in the object store's list has no size"))?;
        page.objects.push((object.required("Key")?.to_string(), bytes));
    }
    for prefix in list.all("CommonPrefixes") {
        page.prefixes.push(prefix.required("Prefix")?.to_string());
    }
    if list.text("IsTruncated") == Some("true") {
        // Without it the list would end early, and nobody would know.
        page.next = Some(list.required("NextContinuationToken")?.to_string());
    }
    Ok(page)
}

/// Of `ListMultipartUploads`.
pub fn uploads(text: &str) -> Result<Uploads, Fault> {
    let list = parse(text, "ListMultipartUploadsResult")?;
    let mut uploads = Uploads::default();
    for upload in list.all("Upload") {
        let (key, id) = (upload.required("Key")?, upload.required("UploadId")?);
        uploads.uploads.push((key.to_string(), id.to_string()));
    }
    if list.text("IsTruncated") == Some("true") {
        let key = list.required("NextKeyMarker")?.to_string();
        uploads.next = Some((
            key,
            list.text("NextUploadIdMarker").unwrap_or_default().to_string(),
        ));
    }
    Ok(uploads)
}

/// Of `CreateMultipartUpload`.
pub fn upload_id(text: &str) -> Result<String, Fault> {
    let begun = parse(text, "InitiateMultipartUploadResult")?;
    Ok(begun.required("UploadId")?.to_string())
}

/// Whether it says that an upload is now an object.
pub fn is_completed(text: &str) -> bool {
    parse(text, "CompleteMultipartUploadResult").is_ok()
}

#[derive(Debug, Default)]
struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    fn text<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next().map(|child| child.text.as_str())
    }

    /// The text of an element that must be there and not be empty.
    fn required<'a>(&'a self, name: &'a str) -> Result<&'a str, Fault> {
        let text = self.text(name).filter(|text| !text.is_empty());
        text.ok_or_else(|| Fault::strange(format!("the object store's answer has no '{name}'")))
    }
}

/// The outermost element, which must have this name.
fn parse(text: &str, name: &str) -> Result<Element, Fault> {
    let unreadable = || Fault::strange(format!("the object store's answer is no '{name}'"));
    let mut reader = Reader::from_str(text);
    // The outermost one stands in this.
    let mut open = vec![Element::default()];
    loop {
        let event = reader.read_event().map_err(|_| unreadable())?;
        let depth = open.len();
        let Some(innermost) = open.last_mut() else {
            return Err(unreadable());
        };
        match event {
            Event::Start(start) if depth < DEPTH_MAX => open.push(element(&start)),
            Event::Start(_) => return Err(unreadable()),
            Event::Empty(start) => innermost.children.push(element(&start)),
            Event::Text(text) => innermost
                .text
                .push_str(&text.xml10_content().map_err(|_| unreadable())?),
            Event::CData(data) => innermost
                .text
                .push_str(&data.xml10_content().map_err(|_| unreadable())?),
            Event::GeneralRef(reference) => {
                if let Some(character) = reference.resolve_char_ref().map_err(|_| unreadable())? {
                    innermost.text.push(character);
                } else {
                    let entity = reference.decode().map_err(|_| unreadable())?;
                    innermost
                        .text
                        .push_str(resolve_xml_entity(&entity).ok_or_else(unreadable)?);
                }
            }
            Event::End(_) => {
                // The reader sees to it that it is the one that was opened.
                let ended = open.pop().unwrap_or_default();
                open.last_mut().ok_or_else(unreadable)?.children.push(ended);
            }
            Event::Eof if depth == 1 => break,
            Event::Eof => return Err(unreadable()),
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {}
        }
    }
    let outermost = open.pop().unwrap_or_default().children.pop();
    outermost
        .filter(|element| element.name == name)
        .ok_or_else(unreadable)
}

fn element(start: &BytesStart<'_>) -> Element {
    Element {
        name: String::from_utf8_lossy(start.local_name().as_ref()).into_owned(),
        ..Element::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_whatever_their_name_space() {
        for name_space in [
            "",
            r#" xmlns="http://s3.amazonaws.com/doc/2006-03-01/""#,
            r#" xmlns='http://doc.s3.amazonaws.com/2006-03-01'"#,
        ] {
            let text = format!(
                r#"<?xml version="1.0" encoding="UTF-8"?>
                <ListBucketResult{name_space}>
                  <Name>b</Name><Prefix/><KeyCount>2</KeyCount><IsTruncated>true</IsTruncated>
                  <NextContinuationToken>a&amp;b&#x3D;</NextContinuationToken>
                  <Contents><Key>p/a&lt;</Key><ETag>&quot;1&quot;</ETag><Size>4274</Size></Contents>
                  <Contents><Size>0</Size><Key>p/b</Key></Contents>
                  <CommonPrefixes><Prefix>p/c/</Prefix></CommonPrefixes>
                </ListBucketResult>"#
            );
            let page = page(&text).unwrap();
            assert_eq!(page.objects, [("p/a<".to_string(), 4274), ("p/b".to_string(), 0)]);
            assert_eq!(page.prefixes, ["p/c/"]);
            assert_eq!(page.next.as_deref(), Some("a&b="));
        }
    }

    #[test]
    fn a_list_that_would_end_early_is_refused() {
        for text in [
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
            "<ListBucketResult><Contents><Key>a</Key><Size>1</Size></Contents>",
            "<html></html>",
            "",
            &"<ListBucketResult>".repeat(100_000),
        ] {
            assert!(page(text).is_err(), "{}", &text[..text.len().min(80)]);
        }
    }

    #[test]
    fn an_error_is_told_from_what_is_none() {
        let text = "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code><Key>k</Key></Error>";
        assert_eq!(error_code(text).as_deref(), Some("NoSuchKey"));
        assert!(!is_completed(text));
        assert_eq!(error_code("<CompleteMultipartUploadResult/>"), None);
        assert!(is_completed("\n\n<CompleteMultipartUploadResult/>"));
        for text in ["", "<html><Error/></html>", "<CompleteMultipartUploadResult>"] {
            assert!(!is_completed(text), "{text}");
        }
        assert_eq!(error_code("upstream timed out"), None);
    }
}
